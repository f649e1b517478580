"""Moving waiting jobs, over SQLite and PostgreSQL alike: the order that was said is the order they are claimed in."""

import random

import pytest

from sfumato.core.errors import Conflict, NotFound, RequestError
from sfumato.jobs.claims import Claims
from sfumato.jobs.database import Database
from sfumato.jobs.order import move, strictly_growing
from sfumato.jobs.queue import Queue
from tests.jobs.test_queue import recipes


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)


@pytest.fixture
def claims(database: Database) -> Claims:
    return Claims(database, "worker")


def claimed(claims: Claims, loaded: tuple[str, ...] = ()) -> list[str]:
    """All that wait, in the order in which a worker gets them."""
    order = []
    while (claim := claims.claim(loaded=loaded)) is not None:
        order.append(claim.job.id)
    return order


def submit(queue: Queue, clock, n: int, model: str = "gaussian", **fields) -> list[str]:
    made = []
    for _ in range(n):
        clock.now += 0.1
        made.append(queue.submit(recipes(model=model), **fields).id)
    return made


def test_jobs_are_painted_in_the_order_they_were_moved_into(queue: Queue, claims: Claims, clock):
    chance = random.Random(3)
    order = submit(queue, clock, 6)
    for _ in range(30):
        id, before = chance.choice(order), chance.choice([*order, None])
        move(queue, id, before)
        if id != before:
            order.remove(id)
            order.insert(len(order) if before is None else order.index(before), id)
    assert claimed(claims) == order


def test_those_ordered_in_the_same_moment_can_be_moved_too(queue: Queue, claims: Claims):
    order = sorted(queue.submit(recipes()).id for _ in range(3))
    move(queue, order[2], order[0])
    assert claimed(claims) == [order[2], order[0], order[1]]


def test_a_moved_job_is_as_urgent_as_the_one_it_goes_before(queue: Queue, claims: Claims, clock):
    [bulk] = submit(queue, clock, 1, priority="bulk")
    [normal] = submit(queue, clock, 1)
    [urgent] = submit(queue, clock, 1, priority="interactive")
    assert move(queue, bulk, urgent).priority == "interactive"
    assert claimed(claims) == [bulk, urgent, normal]


def test_what_was_said_counts_more_than_which_model_is_loaded(queue: Queue, claims: Claims, clock):
    [loaded], [other] = submit(queue, clock, 1, model="loaded"), submit(queue, clock, 1, model="other")
    move(queue, other, loaded)
    assert claimed(claims, ("loaded",)) == [other, loaded]


def test_only_what_waits_is_moved_and_only_among_ones_own(queue: Queue, claims: Claims, clock):
    [running], [waiting] = submit(queue, clock, 1, owner="ada"), submit(queue, clock, 1, owner="ada")
    [bens] = submit(queue, clock, 1, owner="ben")
    assert claims.claim() is not None
    with pytest.raises(Conflict, match="running"):
        move(queue, running, waiting)
    with pytest.raises(Conflict, match="running"):
        move(queue, waiting, running)
    with pytest.raises(RequestError, match="another user"):
        move(queue, waiting, bens)
    for id, before in ((bens, waiting), (waiting, bens)):
        with pytest.raises(NotFound):
            move(queue, id, before, "ada")


def test_moving_is_told(queue: Queue, clock):
    _, second, third = submit(queue, clock, 3)
    since = queue.last_event()
    move(queue, third, second)
    assert [(event.job, event.kind) for event in queue.events_after(since)] == [(third, "moved"), (second, "moved")]
    assert queue.get(third).place < queue.get(second).place
    assert queue.events_after(since, owner="nobody") == []


def test_places_grow_and_hardly_change():
    assert strictly_growing([1.0, 2.0, 2.0, 2.0, 3.0])[::4] == [1.0, 3.0]
    grown = strictly_growing([2.0, 2.0, 2.0])
    assert grown == sorted(set(grown))
    assert grown[2] - 2.0 < 1e-12


def test_the_command_line_moves_jobs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    from sfumato import Studio, cli

    def run(*words: str) -> object:
        monkeypatch.setattr("sys.argv", ["sfumato", "queue", "move", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code

    studio = Studio()
    first, second = studio.submit("a red apple").id, studio.submit("a pear").id
    assert run(second, "--before", first) == 0
    assert "goes before" in capsys.readouterr().err
    assert studio.queue.get(second).place < studio.queue.get(first).place
    assert run(second) == 0
    assert studio.queue.get(second).place > studio.queue.get(first).place
    assert run("0" * 32) == 2
