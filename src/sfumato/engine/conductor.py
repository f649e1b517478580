"""The conductor: advances many paintings at once, one look at a time.

Each painting is a generator that asks for rows and waits. At every turn the conductor picks the order whose turn it is,
fills up with paintings of the same model and shape, asks the model once for as many rows as it takes at once, and hands
the answers back. So pictures of different steps, samplers, guidance and prompts go side by side, an urgent one
overtakes at the next step, and one can be cancelled within a step; no sampler knows of any of it.

The rows of one picture's look go into one call where the model takes them `together`, though it take no other picture's
beside them: what a picture becomes then depends on its recipe alone, and guidance costs one call a step.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest

from sfumato.core.errors import JobFailed
from sfumato.engine.families import Model
from sfumato.engine.painting import Guided, Latent, Row


@dataclass(eq=False)
class Task:
    """One painting to conduct.

    order: paintings of one order go one after another, those of different orders take turns. urgency: a higher one
    goes first. cancelled: asked before every look.
    """

    painting: Guided
    model: Model
    sigmas: list[float]
    order: int = 0
    urgency: int = 0
    cancelled: Callable[[], bool] = lambda: False
    _rows: list[Row] = field(default_factory=list, init=False, repr=False)  # asked and not answered; empty: not begun


@dataclass(frozen=True)
class Stepped:
    """A look was answered: `step` of `steps` is under way or done; clean: what the picture would be by now."""

    task: Task
    step: int
    steps: int
    clean: Latent


@dataclass(frozen=True)
class Finished:
    """The painting is done; latent: ready to be decoded."""

    task: Task
    latent: Latent


@dataclass(frozen=True)
class Stopped:
    """The painting ended without a picture: cancelled (error is None), or failed with an error."""

    task: Task
    error: Exception | None


Event = Stepped | Finished | Stopped


class Conductor:
    """Add tasks at any time; each `turn` advances those whose turn it is by one look."""

    def __init__(self) -> None:
        self._tasks: dict[Task, None] = {}  # as they came
        self._orders: dict[int, None] = {}  # the one that waits longest comes first

    def add(self, task: Task) -> None:
        self._tasks[task] = None
        self._orders.setdefault(task.order)

    def run(self) -> Iterator[Event]:
        """Turns until nothing is left; what is added in between is taken along."""
        while self._tasks:
            yield from self.turn()

    def turn(self) -> Iterator[Event]:
        """One look for every painting whose turn it is."""
        for task in list(self._tasks):
            if task.cancelled():
                yield self._drop(task, None)
            elif not task._rows:
                yield from self._advance(task, None)
        chosen = self._next()
        if not chosen:
            return
        try:
            answers = iter(_answers(chosen[0].model, [row for task in chosen for row in task._rows]))
        except Exception as error:  # the model's own failure ends these paintings, and no others
            for task in chosen:
                yield self._drop(task, error)
            return
        for task in chosen:
            sigma, cleans = task._rows[0].sigma, [next(answers) for _ in task._rows]
            step = sum(level >= sigma for level in task.sigmas[:-1])
            yield Stepped(task, max(step, 1), len(task.sigmas) - 1, cleans[0])
            yield from self._advance(task, cleans)

    def _next(self) -> list[Task]:
        """The most urgent; of these the order that waits longest, and what of the others fits into the same call."""
        begun = [task for task in self._tasks if task._rows]  # one added just now begins with the next turn
        if not begun:
            return []
        top = max(task.urgency for task in begun)
        orders: dict[int, list[Task]] = {order: [] for order in self._orders}
        for task in begun:
            if task.urgency == top:
                orders[task.order].append(task)
        abreast = zip_longest(*orders.values())  # one of each order, then a second of each
        first, *others = (task for row in abreast for task in row if task is not None)
        chosen, room = [first], first.model.rows_at_once - len(first._rows)
        for task in others:
            if task.model is first.model and _shape(task) == _shape(first) and len(task._rows) <= room:
                chosen.append(task)
                room -= len(task._rows)
        del self._orders[first.order]
        self._orders[first.order] = None
        return chosen

    def _advance(self, task: Task, answer: list[Latent] | None) -> Iterator[Event]:
        try:
            task._rows = next(task.painting) if answer is None else task.painting.send(answer)
        except StopIteration as finished:
            self._forget(task)
            yield Finished(task, finished.value)
        except Exception as error:  # one painting's failure is its own
            yield self._drop(task, error)

    def _drop(self, task: Task, error: Exception | None) -> Stopped:
        self._forget(task)
        with suppress(Exception):  # one that cannot even be closed is gone all the same
            task.painting.close()
        return Stopped(task, error)

    def _forget(self, task: Task) -> None:
        del self._tasks[task]
        if all(other.order != task.order for other in self._tasks):
            del self._orders[task.order]


def _shape(task: Task) -> tuple[int, ...]:
    return tuple(task._rows[0].x.shape)


def _answers(model: Model, rows: list[Row]) -> list[Latent]:
    """Every row's clean estimate, in the order asked; one call for each full load of rows."""
    answers: list[Latent] = []
    load = max(model.rows_at_once, len(rows)) if getattr(model, "together", False) else model.rows_at_once
    for i in range(0, len(rows), load):
        part = rows[i : i + load]
        given = model.look(part)
        if len(given) != len(part):
            raise JobFailed(f"{model.card.name} gave {len(given)} answers to {len(part)} rows; its family has a fault")
        answers += given
    return answers
