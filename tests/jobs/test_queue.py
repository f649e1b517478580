"""What the queue promises doors and workers, over SQLite and PostgreSQL alike."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from sfumato.core.errors import Conflict, JobFailed, RequestError, TooMany, UnknownName
from sfumato.core.job import Made
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.jobs import tables
from sfumato.jobs.claims import LEASE, At, Claim, Claims, Lost
from sfumato.jobs.database import Database
from sfumato.jobs.queue import Caps, Queue
from sfumato.planning import plan
from sfumato.testing import tiny_card


def recipes(n: int = 1, model: str = "gaussian") -> list[Recipe]:
    return plan(Order(prompt="a", n=n, seed=5), tiny_card(name=model)).recipes


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)


@pytest.fixture
def claims(database: Database) -> Claims:
    return Claims(database, "worker")


def finish(claims: Claims, claim: Claim | None) -> None:
    assert claim is not None
    for number in range(len(claim.job.recipes)):
        claims.publish(claim, Made(number, 100 + number, 0.5))


def told(queue: Queue, id: str) -> list[str]:
    return [event.data.get("state", event.kind) for event in queue.events({id: 0})]


def test_the_tables_are_what_the_migrations_make(database: Database):
    with database.reading() as connection:
        seen = inspect(connection)
        for table in tables.metadata.sorted_tables:
            made = {column["name"]: column["nullable"] for column in seen.get_columns(table.name)}
            assert made == {column.name: column.nullable for column in table.columns}
            assert {index["name"] for index in seen.get_indexes(table.name)} == {index.name for index in table.indexes}


def test_many_who_open_a_new_database_at_once_all_find_it_ready(url: str):
    with ThreadPoolExecutor(8) as pool:
        for database in pool.map(lambda _: Database(url), range(8)):
            assert Queue(database).count() == {}
            database.close()


def test_a_database_of_a_newer_version_is_refused(url: str):
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(JobFailed, match="newer Sfumato"):
        Database(url)


def test_a_job_goes_its_way_and_every_step_is_told(queue: Queue, claims: Claims, clock):
    job = queue.submit(recipes(2), owner="ada", door="native", asked={"prompt": "a\0\ud800"}, warnings=["mind"])
    assert (job.state, job.made, job.asked, job.warnings) == ("queued", (), {"prompt": "a\0\ud800"}, ("mind",))
    assert job.recipes == tuple(recipes(2))
    clock.now += 5
    claim = claims.claim()
    assert claim is not None
    assert (claim.job.state, claim.job.worker, claim.job.attempts) == ("running", "worker", 1)
    claims.renew({job.id: (claim.token, At(1, 3, 4))})
    seen = queue.get(job.id)
    assert (seen.number, seen.step, seen.steps) == (1, 3, 4)
    finish(claims, claim)
    done = queue.get(job.id)
    assert (done.state, [made.picture for made in done.made], done.worker) == ("done", [100, 101], None)
    assert (done.started, done.ended) == (clock.now, clock.now)
    assert told(queue, job.id) == ["queued", "log", "running", "picture", "picture", "done"]
    last = queue.events({job.id: 0})[-2].seq
    assert [event.data for event in queue.events({job.id: last})] == [{"state": "done"}]


def test_one_key_is_one_job_however_often_and_by_however_many_it_is_sent(queue: Queue, clock):
    def send(_: int) -> str:
        return queue.submit(recipes(), owner="ada", key="k", body_hash="x").id

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(send, range(50)))) == 1
    assert queue.count() == {"queued": 1}
    with pytest.raises(Conflict, match="another order"):
        queue.submit(recipes(), owner="ada", key="k", body_hash="y")
    other = queue.submit(recipes(), owner="bob", key="k", body_hash="y")
    clock.now += 25 * 3600
    later = queue.submit(recipes(), owner="bob", key="k", body_hash="z")
    assert later.id != other.id


@pytest.mark.parametrize("key", ["", "a" * 256, "\n", "ä", "\0"])
def test_keys_that_are_none_are_refused(queue: Queue, key: str):
    with pytest.raises(RequestError, match="idempotency key"):
        queue.submit(recipes(), key=key)


def test_urgent_first_then_the_owner_who_waits_longest_then_a_loaded_model_then_age(
    queue: Queue, claims: Claims, clock
):
    def submit(owner: str, model: str = "one", priority: str = "normal") -> str:
        clock.now += 0.1
        return queue.submit(recipes(model=model), owner=owner, priority=priority).id  # type: ignore[arg-type]

    bulk = submit("cyd", priority="bulk")
    ada = [submit("ada") for _ in range(3)]
    bob = [submit("bob", "one"), submit("bob", "two")]
    urgent = submit("ada", priority="interactive")
    order = []
    for _ in range(7):
        claim = claims.claim(loaded=["two"])
        order.append(claim.job.id if claim else None)
        finish(claims, claim)
    assert order == [urgent, bob[1], ada[0], bob[0], ada[1], ada[2], bulk]


def test_a_job_is_not_passed_over_for_loaded_models_for_ever(queue: Queue, claims: Claims, clock):
    old = queue.submit(recipes(model="other"))
    clock.now += 21
    queue.submit(recipes(model="loaded"))
    claim = claims.claim(loaded=["loaded"])
    assert claim is not None
    assert claim.job.id == old.id


def test_a_worker_may_ask_for_more_urgent_ones_only_and_not_for_some_owners(queue: Queue, claims: Claims):
    queue.submit(recipes(), owner="ada", priority="normal")
    assert claims.claim(above=1) is None
    assert claims.claim(without=["ada"]) is None
    urgent = queue.submit(recipes(), owner="ada", priority="interactive")
    claim = claims.claim(above=1)
    assert claim is not None
    assert claim.job.id == urgent.id


def test_many_workers_never_get_the_same_job(queue: Queue, database: Database):
    ids = {queue.submit(recipes()).id for _ in range(40)}
    got: list[str] = []

    def work(name: str) -> None:
        claims = Claims(database, name)
        while (claim := claims.claim()) is not None:
            got.append(claim.job.id)
            finish(claims, claim)

    threads = [threading.Thread(target=work, args=[f"w{i}"]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(ids)
    assert queue.count() == {"done": 40}


def test_a_worker_that_was_suspended_cannot_write_over_its_successor(queue: Queue, database: Database, clock):
    first, second = Claims(database, "first"), Claims(database, "second")
    job = queue.submit(recipes(2))
    stale = first.claim()
    assert stale is not None
    clock.now += LEASE + 1
    assert second.sweep() == [job.id]
    fresh = second.claim()
    assert fresh is not None
    assert fresh.token > stale.token
    for write in (
        lambda: first.publish(stale, Made(0, 666, 0)),
        lambda: first.end(stale, "failed", "x"),
        lambda: first.give_back(stale),
        lambda: first.warn(stale, "x"),
    ):
        with pytest.raises(Lost):
            write()
    assert first.renew({job.id: (stale.token, At())}) == {job.id: "lost"}
    finish(second, fresh)
    assert [made.picture for made in queue.get(job.id).made] == [100, 101]
    with pytest.raises(Lost):
        second.publish(fresh, Made(0, 666, 0))


def test_renewing_holds_a_claim_beyond_its_lease(queue: Queue, claims: Claims, clock):
    job = queue.submit(recipes())
    claim = claims.claim()
    assert claim is not None
    for _ in range(5):
        clock.now += LEASE - 1
        assert claims.renew({job.id: (claim.token, At())}) == {}
        assert claims.sweep() == []
    finish(claims, claim)
    assert queue.get(job.id).state == "done"


def test_a_dead_workers_job_runs_three_times_and_then_fails_with_the_reason(queue: Queue, claims: Claims):
    job = queue.submit(recipes())
    for attempt in (1, 2, 3):
        claim = claims.claim()
        assert claim is not None
        assert claim.job.attempts == attempt
        assert claims.bury("the worker was killed") == [job.id]
    assert claims.claim() is None
    failed = queue.get(job.id)
    assert (failed.state, failed.reason) == ("failed", "the worker was killed, 3 times in a row: it is not tried again")


def test_progress_counts_attempts_anew_and_finished_pictures_are_kept(queue: Queue, claims: Claims):
    job = queue.submit(recipes(3))
    for number in (0, 1):
        for _ in range(2):
            assert claims.claim() is not None
            claims.bury("killed")
        claim = claims.claim()
        assert claim is not None
        assert [made.number for made in claim.job.made] == list(range(number))
        claims.publish(claim, Made(number, number, 0))
        claims.give_back(claim)
    assert queue.get(job.id).state == "queued"


def test_another_workers_jobs_are_not_buried(queue: Queue, claims: Claims, database: Database):
    queue.submit(recipes())
    claims.claim()
    assert Claims(database, "other").bury("killed") == []


def test_a_job_that_was_given_back_has_not_used_up_an_attempt(queue: Queue, claims: Claims):
    job = queue.submit(recipes())
    for _ in range(5):
        claim = claims.claim()
        assert claim is not None
        claims.give_back(claim)
    assert (queue.get(job.id).state, queue.get(job.id).attempts) == ("queued", 0)


def test_cancelling_at_every_point(queue: Queue, claims: Claims):
    waiting = queue.submit(recipes())
    assert queue.cancel(waiting.id).state == "cancelled"
    assert queue.cancel(waiting.id).state == "cancelled"
    paused = queue.submit(recipes())
    queue.pause(paused.id)
    assert queue.cancel(paused.id).state == "cancelled"
    running = queue.submit(recipes(2))
    claim = claims.claim()
    assert claim is not None
    assert queue.cancel(running.id).state == "running"
    assert claims.renew({running.id: (claim.token, At())}) == {running.id: "cancel"}
    claims.publish(claim, Made(0, 1, 0))
    claims.end(claim, "cancelled")
    assert (queue.get(running.id).state, len(queue.get(running.id).made)) == ("cancelled", 1)
    done = queue.submit(recipes())
    finish(claims, claims.claim())
    assert queue.cancel(done.id).state == "done"
    with pytest.raises(UnknownName):
        queue.cancel("nothing")
    with pytest.raises(UnknownName):
        queue.cancel("\0")


def test_what_was_to_be_cancelled_when_its_worker_died_is_cancelled(queue: Queue, claims: Claims):
    job = queue.submit(recipes())
    claims.claim()
    queue.cancel(job.id)
    claims.bury("killed")
    assert queue.get(job.id).state == "cancelled"


def test_pausing_and_resuming_one_job(queue: Queue, claims: Claims):
    job = queue.submit(recipes())
    assert queue.pause(job.id).state == "paused"
    assert claims.claim() is None
    assert queue.resume(job.id).state == "queued"
    claim = claims.claim()
    assert claim is not None
    queue.pause(job.id)
    assert claims.renew({job.id: (claim.token, At())}) == {job.id: "pause"}
    queue.resume(job.id)
    assert claims.renew({job.id: (claim.token, At())}) == {}
    queue.pause(job.id)
    claims.give_back(claim)
    assert queue.get(job.id).state == "paused"


def test_pausing_all(queue: Queue, claims: Claims):
    queue.submit(recipes())
    for _ in range(2):
        queue.pause_all()
        assert queue.is_paused()
        assert claims.claim() is None
    queue.pause_all(False)
    assert not queue.is_paused()
    assert claims.claim() is not None


def test_retrying_paints_what_is_missing(queue: Queue, claims: Claims):
    job = queue.submit(recipes(2))
    claim = claims.claim()
    assert claim is not None
    with pytest.raises(Conflict, match="running"):
        queue.retry(job.id)
    claims.publish(claim, Made(0, 7, 0))
    claims.end(claim, "failed", "no room")
    assert queue.get(job.id).reason == "no room"
    again = queue.retry(job.id)
    assert (again.state, again.reason, again.ended, [made.picture for made in again.made]) == (
        "queued",
        None,
        None,
        [7],
    )
    claim = claims.claim()
    assert claim is not None
    claims.publish(claim, Made(1, 8, 0))
    assert queue.get(job.id).state == "done"
    with pytest.raises(Conflict, match="done"):
        queue.retry(job.id)


def test_deadlines(queue: Queue, claims: Claims, clock):
    late = queue.submit(recipes(), deadline=60)
    begun = queue.submit(recipes(), deadline=90, priority="interactive")
    claim = claims.claim()
    assert claim is not None
    clock.now += 61
    assert claims.claim() is None
    assert claims.sweep() == [begun.id, late.id]  # the first, because its worker fell silent
    assert queue.get(begun.id).state == "queued"
    assert (queue.get(late.id).state, queue.get(late.id).started) == ("expired", None)


def test_a_running_job_is_to_be_cancelled_at_its_deadline(queue: Queue, claims: Claims, clock):
    job = queue.submit(recipes(), deadline=10)
    claim = claims.claim()
    assert claim is not None
    assert claims.renew({job.id: (claim.token, At())}) == {}
    clock.now += 11
    assert claims.renew({job.id: (claim.token, At())}) == {job.id: "late"}


def test_caps_by_owner_and_in_all(database: Database, claims: Claims):
    queue = Queue(database, Caps(owner=2, total=3))
    for _ in range(2):
        queue.submit(recipes(), owner="ada")
    with pytest.raises(TooMany, match="you have 2") as raised:
        queue.submit(recipes(), owner="ada")
    assert raised.value.wait >= 1
    with pytest.raises(TooMany, match="you have 0"):
        queue.submit(recipes(), owner="bob", most=0)
    queue.submit(recipes(), owner="bob")
    with pytest.raises(TooMany, match="full"):
        queue.submit(recipes(), owner="cyd")
    finish(claims, claims.claim())
    queue.submit(recipes(), owner="cyd")


def test_caps_hold_when_many_come_at_once(database: Database):
    queue = Queue(database, Caps(owner=5))

    def send(_: int) -> bool:
        try:
            queue.submit(recipes(), owner="ada")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(send, range(30))) == 5


def test_one_owner_sees_nothing_of_the_other(queue: Queue):
    job = queue.submit(recipes(), owner="ada")
    for verb in (queue.get, queue.cancel, queue.pause, queue.resume, queue.retry):
        verb_of: Callable[..., object] = verb
        with pytest.raises(UnknownName):
            verb_of(job.id, "bob")
    assert queue.find("bob") == []
    assert [found.id for found in queue.find("ada")] == [job.id]
    assert queue.get(job.id, "ada").state == "queued"


def test_finding(queue: Queue, claims: Claims):
    ids = [queue.submit(recipes(), door=door).id for door in ("native", "openai", "native")]
    ids.sort()
    finish(claims, claims.claim())
    assert [job.id for job in queue.find()] == ids[::-1]
    assert [job.id for job in queue.find(before=ids[2], limit=1)] == [ids[1]]
    assert len(queue.find(door="openai")) == 1
    assert len(queue.find(states=["done"])) == 1
    assert queue.find(states=["done"])[0].made[0].picture == 100
    with pytest.raises(RequestError, match="limit"):
        queue.find(limit=0)


def test_a_url_that_is_none_is_told(tmp_path: Path):
    for url in ("nonsense", "mysql://x/y", "sqlite://"):
        with pytest.raises(RequestError, match="URL"):
            Database(url)
    with pytest.raises(JobFailed, match="does not answer"):
        Database(f"sqlite:///{tmp_path / 'no' / 'folder'}")
    with pytest.raises(JobFailed, match="does not answer"):
        Database("postgresql://sfumato@127.0.0.1:1/none")


def test_a_picture_that_waits_is_taken_out_at_once_and_the_last_one_ends_the_job(queue: Queue, claims: Claims):
    job = queue.submit(recipes(3), owner="ada")
    assert queue.drop(job.id, 1, "ada").dropped == (1,)
    assert queue.drop(job.id, 1, "ada").dropped == (1,)  # asked twice, told once
    with pytest.raises(UnknownName):
        queue.drop(job.id, 0, "bob")
    with pytest.raises(RequestError, match="outside 0 to 2"):
        queue.drop(job.id, 3)
    assert (queue.drop(job.id, 0).state, queue.drop(job.id, 2).state) == ("queued", "cancelled")
    assert told(queue, job.id) == ["queued", "dropped", "dropped", "dropped", "cancelled"]
    assert claims.claim() is None
    assert queue.retry(job.id).dropped == ()


def test_a_painted_picture_stays_and_those_left_end_the_job_as_done(queue: Queue, claims: Claims):
    job = queue.submit(recipes(2))
    claim = claims.claim()
    assert claim is not None
    claims.publish(claim, Made(0, 100, 0.5))
    assert queue.drop(job.id, 0).dropped == ()
    assert queue.drop(job.id, 1).state == "running"  # the worker's to end
    assert claims.dropped([job.id]) == {job.id: {1}}
    claims.settle(claim)
    assert queue.get(job.id).state == "done"
    assert queue.drop(job.id, 1).state == "done"


def test_a_job_without_anything_left_is_not_paused_but_ends(queue: Queue, claims: Claims):
    job = queue.submit(recipes(1))
    claim = claims.claim()
    assert claim is not None
    queue.pause(job.id)
    queue.drop(job.id, 0)
    claims.give_back(claim)
    assert queue.get(job.id).state == "cancelled"


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_that_jumps_loses_nothing_and_paints_nothing_twice(
    queue: Queue, claims: Claims, database: Database, clock, jump: float
):
    running, waiting = queue.submit(recipes(2)), queue.submit(recipes())
    first = claims.claim()
    assert first is not None
    claims.publish(first, Made(0, 100, 0.5))
    clock.now += jump
    other = Claims(database, "other")
    given = other.sweep()
    assert given == ([running.id] if jump > 0 else [])
    if jump > 0:  # it is another's now, and the first one, who lives, is told so
        assert claims.renew({running.id: (first.token, At())}) == {running.id: "lost"}
    else:
        claims.publish(first, Made(1, 101, 0.5))
    while (claim := other.claim()) is not None:
        for number in range(len(claim.job.recipes)):
            if number not in {made.number for made in claim.job.made}:
                other.publish(claim, Made(number, 200 + number, 0.5))
    assert [made.picture for made in queue.get(running.id).made] == [100, 101 if jump < 0 else 201]
    assert queue.get(waiting.id).state == "done"
