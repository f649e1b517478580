"""The conductor: paintings go side by side, in turn, and each ends exactly once, however it ends.

Looks are exact (GaussianModel), so a painting that had been disturbed by its neighbours would come out wrong.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfumato.core.errors import JobFailed
from sfumato.engine.conductor import Conductor, Event, Finished, Stepped, Stopped, Task
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Guided, Latent, Row
from sfumato.engine.samplers import samplers
from sfumato.testing import SPREAD, GaussianModel

SHAPE = (1, 4, 4)
GREY = GaussianModel().read("grey")
OFFERED = [name for name in samplers.names() if not samplers[name].refuses("flow")]


def levels(steps: int) -> list[float]:
    return [*np.linspace(1, 1 / steps, steps).tolist(), 0.0] if steps else [0.0]


def asks(looks: int, rows: int = 1, shape: tuple[int, ...] = SHAPE, fails_at: int = -1, text: object = GREY) -> Guided:
    """A painting that does nothing but look, and fails before one look if told so."""
    x = np.zeros(shape, np.float32)
    for number, sigma in enumerate(levels(looks)[:-1]):
        if number == fails_at:
            raise ArithmeticError("this painting fails")
        cleans = yield [Row(x, sigma, text)] * rows
        assert len(cleans) == rows
    return x


def task(model: GaussianModel, looks: int = 3, rows: int = 1, order: int = 0, urgency: int = 0, **more: object) -> Task:
    return Task(asks(looks, rows, **more), model, levels(looks), order, urgency)  # type: ignore[arg-type]


def conducted(*tasks: Task) -> list[Event]:
    conductor = Conductor()
    for one in tasks:
        conductor.add(one)
    return list(conductor.run())


def real(model: GaussianModel, seed: int, order: int) -> Task:
    """A painting with one of all samplers, its own steps, text and guidance."""
    noise, sigmas = SeededNoise(seed, SHAPE), levels(3 + seed % 5)
    painting = samplers[OFFERED[seed % len(OFFERED)]].start(noise(), sigmas, noise, "flow")
    text, no_text = model.read("abc"[: seed % 3 + 1]), model.read("")
    guided = classifier_free(painting, text, no_text, 2.0) if seed % 2 else plain(painting, text)
    return Task(guided, model, sigmas, order)


def latents(events: list[Event], tasks: list[Task]) -> list[bytes]:
    found = {event.task: event.latent.tobytes() for event in events if isinstance(event, Finished)}
    return [found[one] for one in tasks]


def test_the_fake_model_sees_exactly():
    """The exact path of a flow on Gaussian data takes noise z to mean + SPREAD z; Heun's 200 steps come within 1e-3."""
    model, noise = GaussianModel(), SeededNoise(1, SHAPE)
    text, z = model.read("a"), noise()
    one = Task(plain(samplers["heun"].start(z, levels(200), noise, "flow"), text), model, levels(200))
    (finished,) = [event for event in conducted(one) if isinstance(event, Finished)]
    np.testing.assert_allclose(finished.latent, text.states + SPREAD * z, atol=1e-3)


@pytest.mark.parametrize("rows_at_once", [1, 2, 5, 64])
def test_many_paintings_advance_and_none_changes_another(rows_at_once: int):
    alone = GaussianModel()
    expected = []
    for seed in range(20):
        one = real(alone, seed, 0)
        expected += latents(conducted(one), [one])
    model = GaussianModel(rows_at_once=rows_at_once)
    tasks = [real(model, seed, seed % 3) for seed in range(20)]
    events = conducted(*tasks)
    assert latents(events, tasks) == expected
    assert len(set(expected)) > len(expected) / 2  # they are different pictures


def test_progress_rises_to_the_last_step_and_shows_what_was_seen():
    for seed in range(len(OFFERED)):
        model = GaussianModel()
        one = real(model, seed, 0)
        *stepped, finished = conducted(one)
        steps = [(event.step, event.steps) for event in stepped if isinstance(event, Stepped)]
        assert steps[0][0] == 1
        assert steps[-1] == (len(one.sigmas) - 1, len(one.sigmas) - 1)
        assert all(now <= later for (now, _), (later, _) in pairwise(steps))
        assert isinstance(finished, Finished)
        assert all(event.clean.shape == SHAPE for event in stepped if isinstance(event, Stepped))


# ---- together


def test_rows_of_one_model_and_shape_are_asked_together_up_to_what_it_takes():
    model = GaussianModel(rows_at_once=8)
    conducted(*[task(model, looks=2, rows=2) for _ in range(4)])
    assert [len(call) for call in model.asked] == [8, 8]


def test_paintings_with_one_row_fill_the_call_too():
    model = GaussianModel(rows_at_once=8)
    conducted(*[task(model, looks=2, rows=1, order=number) for number in range(8)])
    assert [len(call) for call in model.asked] == [8, 8]


def test_what_does_not_fit_waits_for_the_next_turn():
    model = GaussianModel(rows_at_once=5)
    conducted(*[task(model, looks=1, rows=2) for _ in range(5)])
    assert [len(call) for call in model.asked] == [4, 4, 2]


def test_a_painting_with_more_rows_than_fit_is_asked_in_parts():
    model = GaussianModel(rows_at_once=2)
    assert isinstance(conducted(task(model, looks=1, rows=5))[-1], Finished)
    assert [len(call) for call in model.asked] == [2, 2, 1]


@pytest.mark.parametrize(("rows_at_once", "calls"), [(1, [3, 2, 3, 2]), (2, [3, 2, 3, 2]), (5, [5, 5])])
def test_rows_of_one_picture_go_together_where_the_model_wants_that(rows_at_once: int, calls: list[int]):
    model = GaussianModel(rows_at_once=rows_at_once)
    model.together = True  # type: ignore[attr-defined]
    conducted(*[task(model, looks=2, rows=rows, order=rows) for rows in (3, 2)])
    assert [len(call) for call in model.asked] == calls


def test_shapes_and_models_are_not_mixed():
    model, other = GaussianModel(rows_at_once=8), GaussianModel(rows_at_once=8)
    shapes = [(1, 2, 2), (1, 2, 4)]
    conducted(*[task(one, shape=shapes[i % 2], order=i) for one in (model, other) for i in range(4)])
    for one in (model, other):
        assert all(len({row.x.shape for row in call}) == 1 for call in one.asked)
        assert [len(call) for call in one.asked] == [2] * 6  # two of each shape, three looks


# ---- in turn


def turns(events: list[Event]) -> list[int]:
    return [event.task.order for event in events if isinstance(event, Stepped)]


def test_orders_take_turns_and_one_order_goes_in_its_own():
    model = GaussianModel()
    tasks = [task(model, looks=2, order=1), task(model, looks=2, order=1), task(model, looks=3, order=2)]
    events = conducted(*tasks)
    assert turns(events) == [1, 2, 1, 2, 1, 2, 1]
    assert [event.task for event in events if isinstance(event, Finished)] == tasks[:1] + tasks[2:] + tasks[1:2]


def test_an_urgent_one_overtakes_at_the_next_step():
    model, conductor = GaussianModel(), Conductor()
    slow, urgent = task(model, looks=5, order=1), task(model, looks=2, order=2, urgency=1)
    conductor.add(slow)
    seen = []
    for event in conductor.run():
        seen.append(event)
        if len(seen) == 2:
            conductor.add(urgent)
    assert turns(seen) == [1, 1, 2, 2, 1, 1, 1]


def test_urgent_ones_do_not_put_one_order_before_another_for_ever():
    model, conductor = GaussianModel(), Conductor()
    for order in (1, 2, 3):
        conductor.add(task(model, looks=4, order=order))
    seen = []
    for event in conductor.run():
        seen.append(event)
        if isinstance(event, Stepped) and event.task.order < 10 and len(seen) < 30:
            conductor.add(task(model, looks=1, order=10 + len(seen), urgency=1))  # one after every step
    assert [order for order in turns(seen) if order < 10] == [1, 2, 3] * 4


def test_an_urgent_one_takes_others_along_only_where_there_is_room():
    model = GaussianModel(rows_at_once=3)
    events = conducted(task(model, looks=1, rows=2, order=1), task(model, looks=1, rows=2, order=2, urgency=1))
    assert turns(events) == [2, 1]


# ---- ends


def test_cancelling_takes_effect_within_a_step_and_leaves_the_rest():
    model, conductor = GaussianModel(rows_at_once=4), Conductor()
    stop = set()
    tasks = [task(model, looks=4, order=order) for order in range(4)]
    for one in tasks:
        one.cancelled = lambda one=one: one in stop
        conductor.add(one)
    events = list(conductor.turn())
    stop.add(tasks[2])
    events += list(conductor.run())
    assert [event.task for event in events if isinstance(event, Stopped)] == [tasks[2]]
    assert [event.error for event in events if isinstance(event, Stopped)] == [None]
    assert Counter(turns(events)) == {0: 4, 1: 4, 2: 1, 3: 4}
    assert [event.task for event in events if isinstance(event, Finished)] == [tasks[0], tasks[1], tasks[3]]
    assert tasks[2].painting.gi_frame is None  # closed: it holds nothing any more


def test_one_that_is_cancelled_before_it_begins_asks_nothing():
    model = GaussianModel()
    one = task(model)
    one.cancelled = lambda: True
    assert [(type(event), event.task) for event in conducted(one)] == [(Stopped, one)]
    assert model.asked == []


@pytest.mark.parametrize("look", [0, 1, 2])
def test_a_painting_that_fails_ends_only_its_own(look: int):
    model = GaussianModel(rows_at_once=8)
    bad = task(model, fails_at=look)
    good = [task(model, order=order) for order in (0, 1)]
    events = conducted(good[0], bad, good[1])
    (stopped,) = [event for event in events if isinstance(event, Stopped)]
    assert stopped.task is bad
    assert isinstance(stopped.error, ArithmeticError)
    assert [event.task for event in events if isinstance(event, Finished)] == good


class Broken(GaussianModel):
    """Raises, or answers too little."""

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        if self.rows_at_once == 1:
            raise MemoryError("no room")
        return super().look(rows)[1:]


@pytest.mark.parametrize(
    ("broken", "kind"), [(Broken(rows_at_once=1), MemoryError), (Broken(rows_at_once=8), JobFailed)]
)
def test_a_model_that_fails_ends_only_its_own(broken: Broken, kind: type[Exception]):
    model = GaussianModel(rows_at_once=8)
    good = [task(model, order=order) for order in (0, 2)]
    bad = [task(broken, order=order) for order in (0, 1)]
    events = conducted(good[0], *bad, good[1])
    stopped = [event for event in events if isinstance(event, Stopped)]
    assert {event.task for event in stopped} == set(bad)
    assert all(isinstance(event.error, kind) for event in stopped)
    assert {event.task for event in events if isinstance(event, Finished)} == set(good)


def test_a_painting_that_needs_no_look_is_finished_at_once():
    model = GaussianModel()
    assert [type(event) for event in conducted(task(model, looks=0))] == [Finished]
    assert model.asked == []


# ---- any mix at all


class Poisoned(GaussianModel):
    """Fails on some words; every call must be within its limit and of one shape."""

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        assert 1 <= len(rows) <= self.rows_at_once
        assert len({row.x.shape for row in rows}) == 1
        if any(row.text is POISON for row in rows):
            raise MemoryError("poison")
        return super().look(rows)


POISON = GaussianModel().read("poison")


@dataclass(frozen=True)
class Plot:
    """What becomes of one painting. added, cancelled: by the so-manieth event."""

    looks: int
    rows: int
    wide: int
    model: int
    order: int
    urgency: int
    added: int
    fails_at: int
    poison: bool
    cancelled: int


PLOTS = st.lists(
    st.builds(
        Plot,
        looks=st.integers(0, 4),
        rows=st.integers(1, 3),
        wide=st.integers(1, 2),
        model=st.integers(0, 1),
        order=st.integers(0, 3),
        urgency=st.integers(0, 2),
        added=st.integers(0, 5),
        fails_at=st.sampled_from([-1, -1, -1, 0, 2]),
        poison=st.sampled_from([False, False, False, True]),
        cancelled=st.sampled_from([10**6, 10**6, 10**6, 0, 3, 7]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(PLOTS, st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_nothing_is_lost_in_any_mix(plots: list[Plot], rows_at_once: tuple[int, int]):
    models = [Poisoned(rows_at_once=rows) for rows in rows_at_once]
    conductor, events = Conductor(), []
    tasks = {}
    for plot in plots:
        text = POISON if plot.poison else GREY
        painting = asks(plot.looks, plot.rows, (1, 1, plot.wide), plot.fails_at, text)
        one = Task(painting, models[plot.model], levels(plot.looks), plot.order, plot.urgency)
        one.cancelled = lambda plot=plot: len(events) >= plot.cancelled
        tasks[one] = plot
    later = sorted(tasks, key=lambda one: tasks[one].added)
    while later:
        conductor.add(later.pop(0))
        for event in conductor.run():
            events.append(event)
            while later and tasks[later[0]].added <= len(events):
                conductor.add(later.pop(0))  # in the middle of a turn
    ended = Counter(event.task for event in events if not isinstance(event, Stepped))
    assert ended == Counter(list(tasks))
    for event in events:
        plot = tasks[event.task]
        if isinstance(event, Finished):
            assert plot.cancelled > 0
            assert not (plot.poison and plot.looks)
            assert not 0 <= plot.fails_at < plot.looks
        elif isinstance(event, Stopped) and event.error is None:
            assert plot.cancelled < 10**6
        elif isinstance(event, Stopped) and isinstance(event.error, ArithmeticError):
            assert 0 <= plot.fails_at < plot.looks
        elif isinstance(event, Stopped):
            assert isinstance(event.error, MemoryError)
            assert any((other.poison, other.model, other.wide) == (True, plot.model, plot.wide) for other in plots)
