"""The conductor: advances many paintings at once, one look at a time.

Each painting is a generator that asks for rows and waits. At every turn the conductor picks the paintings whose turn
it is, puts their rows together by model and shape, asks each model once for as many rows as it takes at once, and hands
the answers back. So pictures of different steps, samplers, guidance and prompts go side by side, an urgent one overtakes
at the next step, and one can be cancelled within a step; no sampler knows of any of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
    _rows: list[Row] | None = field(default=None, init=False, repr=False)


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
        self._tasks: list[Task] = []
        self._last_order: int | None = None

    def add(self, task: Task) -> None:
        self._tasks.append(task)

    def run(self) -> Iterator[Event]:
        """Turns until nothing is left; what is added in between is taken along."""
        while self._tasks:
            yield from self.turn()

    def turn(self) -> Iterator[Event]:
        """One look for every painting whose turn it is."""
        for task in [t for t in self._tasks if t.cancelled()]:
            yield self._drop(task, None)
        chosen = self._next()
        for task in chosen:
            if task._rows is None:
                yield from self._advance(task, None)
        asking = [(task, row) for task in chosen if task in self._tasks for row in task._rows or []]
        if not asking:
            return
        try:
            answers = _answers([(task.model, row) for task, row in asking])
        except Exception as error:  # the model's own failure ends these paintings, and no others
            for task in dict.fromkeys(task for task, _ in asking):
                yield self._drop(task, error)
            return
        given: dict[Task, list[Latent]] = {}
        for (task, _), answer in zip(asking, answers, strict=True):
            given.setdefault(task, []).append(answer)
        for task, cleans in given.items():
            assert task._rows is not None
            sigma = task._rows[0].sigma
            step = sum(level >= sigma for level in task.sigmas[:-1])
            yield Stepped(task, max(step, 1), len(task.sigmas) - 1, cleans[0])
            yield from self._advance(task, cleans)

    def _next(self) -> list[Task]:
        """The most urgent; of these the order that waits longest; of it as many as its model takes at once."""
        if not self._tasks:
            return []
        top = max(task.urgency for task in self._tasks)
        urgent = [task for task in self._tasks if task.urgency == top]
        orders = list(dict.fromkeys(task.order for task in urgent))
        after = orders.index(self._last_order) + 1 if self._last_order in orders else 0
        self._last_order = orders[after % len(orders)]
        first = next(task for task in urgent if task.order == self._last_order)
        room, chosen = first.model.rows_at_once, [first]
        for task in urgent:
            if task is not first and task.model is first.model and 2 * (len(chosen) + 1) <= room:
                chosen.append(task)
        return chosen

    def _advance(self, task: Task, answer: list[Latent] | None) -> Iterator[Event]:
        try:
            task._rows = next(task.painting) if answer is None else task.painting.send(answer)
        except StopIteration as finished:
            self._tasks.remove(task)
            yield Finished(task, finished.value)
        except Exception as error:  # one painting's failure is its own
            yield self._drop(task, error)

    def _drop(self, task: Task, error: Exception | None) -> Stopped:
        task.painting.close()
        self._tasks.remove(task)
        return Stopped(task, error)


def _answers(asked: list[tuple[Model, Row]]) -> list[Latent]:
    """Every row's clean estimate, in the order asked: one call for each model, shape and full load of rows."""
    groups: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for place, (model, row) in enumerate(asked):
        groups.setdefault((id(model), tuple(row.x.shape)), []).append(place)
    answers: list[Latent] = [None] * len(asked)
    for places in groups.values():
        model = asked[places[0]][0]
        for i in range(0, len(places), model.rows_at_once):
            part = places[i : i + model.rows_at_once]
            for place, clean in zip(part, model.look([asked[p][1] for p in part]), strict=True):
                answers[place] = clean
    return answers
