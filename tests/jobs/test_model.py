"""The queue against a model of it in memory: whatever is done to it, in whichever order, both stay the same."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from sfumato.core.errors import Conflict, KeyReused, TooMany
from sfumato.core.job import ENDED, PRIORITIES, Made
from sfumato.core.order import Order
from sfumato.jobs import tables
from sfumato.jobs.claims import LEASE, MOST_ATTEMPTS, PATIENCE_FOR_LOADED, At, Claim, Claims, Lost
from sfumato.jobs.database import Database
from sfumato.jobs.queue import Caps, Queue
from sfumato.planning import plan
from sfumato.testing import tiny_card
from tests.databases import Clock

CAPS = Caps(owner=4, total=6)
RECIPES = {(n, m): plan(Order(prompt="a", n=n, seed=5), tiny_card(name=m)).recipes for n in (1, 2) for m in ("x", "y")}


@dataclass
class Known:
    """A job as it should be."""

    id: str
    owner: str
    priority: int
    model: str
    n: int
    created: float
    key: str | None
    body: str
    deadline: float | None
    state: str = "queued"
    made: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    attempts: int = 0
    token: int = 0
    wish: str | None = None
    worker: str | None = None
    lease: float = 0
    begun: bool = False

    def become(self, state: str) -> None:
        self.state, self.wish, self.worker = state, None, None

    def end_if_whole(self) -> bool:
        whole = len(self.made | self.dropped) == self.n
        if whole:
            self.become("done" if self.made else "cancelled")
        return whole

    def orphan(self) -> None:
        if self.wish == "cancel":
            self.become("cancelled")
        elif self.attempts >= MOST_ATTEMPTS:
            self.become("failed")
        else:
            self.become("paused" if self.wish == "pause" else "queued")


class Machine(RuleBasedStateMachine):
    """Two users, two workers, two models."""

    def __init__(self, database: Database, clock: Clock):
        super().__init__()
        self.database, self.clock = database, clock

    @initialize()
    def begin(self) -> None:
        with self.database.writing() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))
        self.queue = Queue(self.database, CAPS)
        self.workers = {name: Claims(self.database, name) for name in ("w1", "w2")}
        self.jobs: dict[str, Known] = {}
        self.turns: dict[str, int] = {}
        self.claims: list[tuple[str, Claim]] = []
        self.paused = False
        for owner, model in ("ax", "ay", "bx"):  # or many examples would find nothing to do
            self.submit_one(owner, 2, model, "normal", None, "p", None)
        self.claim_one("w1", (), None, ())

    some_job = st.integers(0, 5)

    def pick(self, place: int) -> Known:
        """Those under way come first, for with them most can go wrong."""
        jobs = sorted(self.jobs.values(), key=lambda job: job.state != "running")
        return jobs[place % len(jobs)]

    @rule(owner=st.sampled_from("ab"), n=st.integers(1, 2), model=st.sampled_from("xy"),
          priority=st.sampled_from(PRIORITIES), key=st.sampled_from([None, None, None, "k"]),
          body=st.sampled_from("pq"), deadline=st.sampled_from([None, None, 50.0]))  # fmt: skip
    def submit(self, owner: str, n: int, model: str, priority: Any, key: str | None, body: str, deadline: Any) -> None:
        self.submit_one(owner, n, model, priority, key, body, deadline)

    def submit_one(
        self, owner: str, n: int, model: str, priority: Any, key: str | None, body: str, deadline: Any
    ) -> None:
        self.clock.now += 0.01
        before = next((j for j in self.jobs.values() if key is not None and (j.owner, j.key) == (owner, key)), None)
        waiting = [job for job in self.jobs.values() if job.state not in ENDED]
        full = len(waiting) >= CAPS.total or sum(job.owner == owner for job in waiting) >= CAPS.owner

        def send() -> str:
            wish: dict[str, Any] = {"owner": owner, "priority": priority, "key": key, "body_hash": body}
            return self.queue.submit(RECIPES[n, model], deadline=deadline, **wish).id

        if before is not None and before.body != body:
            with pytest.raises(KeyReused):
                send()
        elif before is not None:
            assert send() == before.id
        elif full:
            with pytest.raises(TooMany):
                send()
        else:
            until = None if deadline is None else self.clock.now + deadline
            id = send()
            assert id not in self.jobs
            made = Known(id, owner, PRIORITIES.index(priority), model, n, self.clock.now, key, body, until)
            self.jobs[id] = made

    @rule(worker=st.sampled_from(["w1", "w2"]), loaded=st.sampled_from([(), ("x",), ("y",)]),
          above=st.sampled_from([None, None, 1, 2]), without=st.sampled_from([(), (), ("a",)]))  # fmt: skip
    def claim(self, worker: str, loaded: Any, above: int | None, without: Any) -> None:
        self.claim_one(worker, loaded, above, without)

    def claim_one(self, worker: str, loaded: Any, above: int | None, without: Any) -> None:
        now = self.clock.now
        free = [
            job for job in self.jobs.values()
            if job.state == "queued" and (job.deadline is None or job.deadline >= now) and not self.paused
            and (above is None or job.priority < above) and job.owner not in without
        ]  # fmt: skip

        def rank(job: Known) -> Any:
            at_hand = job.model in loaded or job.created < now - PATIENCE_FOR_LOADED
            return job.priority, self.turns.get(job.owner, 0), not at_hand, job.created, job.id

        claim = self.workers[worker].claim(loaded, above=above, without=without)
        wanted = min(free, key=rank, default=None)
        assert (claim and claim.job.id) == (wanted and wanted.id)
        if claim is None or wanted is None:
            return
        assert claim.token > wanted.token
        wanted.state, wanted.worker, wanted.token, wanted.begun = "running", worker, claim.token, True
        wanted.attempts += 1
        wanted.lease = now + LEASE
        self.turns[wanted.owner] = max(self.turns.values(), default=0) + 1
        self.claims.append((worker, claim))

    def held(self, claim: Claim) -> Known | None:
        job = self.jobs[claim.job.id]
        return job if job.state == "running" and job.token == claim.token else None

    @precondition(lambda self: self.claims)
    @rule(place=st.integers(0, 20), verb=st.sampled_from(["publish", "publish", "end", "give back", "settle", "renew"]),
          number=st.integers(0, 1))  # fmt: skip
    def work(self, place: int, verb: str, number: int) -> None:
        """With any claim there ever was, also one that is lost."""
        worker, claim = self.claims[place % len(self.claims)]
        job, hand = self.held(claim), self.workers[worker]
        number %= self.jobs[claim.job.id].n
        if verb == "renew":
            wishes = hand.renew({claim.job.id: (claim.token, At())})
            if job is None:
                assert wishes == {claim.job.id: "lost"}
                return
            job.lease = self.clock.now + LEASE
            late = "late" if job.deadline is not None and job.deadline < self.clock.now else None
            assert wishes.get(job.id) == (job.wish or late)
            return
        writes = {
            "publish": lambda: hand.publish(claim, Made(number, 100 + number, 0.5)),
            "end": lambda: hand.end(claim, "failed", "broken"),
            "give back": lambda: hand.give_back(claim),
            "settle": lambda: hand.settle(claim),
        }
        if job is None:
            with pytest.raises(Lost):
                writes[verb]()
            return
        writes[verb]()
        if verb == "publish":
            job.made.add(number)
            job.attempts = 1
            job.end_if_whole()
        elif verb == "end":
            job.become("failed")
        elif verb == "settle":
            job.end_if_whole()
        elif not job.end_if_whole():
            job.attempts = max(0, job.attempts - 1)
            job.become({"cancel": "cancelled", "pause": "paused"}.get(job.wish or "", "queued"))

    @rule(worker=st.sampled_from(["w1", "w2"]))
    def bury(self, worker: str) -> None:
        mine = [job for job in self.jobs.values() if job.state == "running" and job.worker == worker]
        assert sorted(self.workers[worker].bury("it died")) == sorted(job.id for job in mine)
        for job in mine:
            job.orphan()

    @rule(seconds=st.sampled_from([5.0, 31.0, 60.0]))
    def sweep_later(self, seconds: float) -> None:
        self.clock.now += seconds
        silent = [job for job in self.jobs.values() if job.state == "running" and job.lease < self.clock.now]
        for job in silent:
            job.orphan()
        late = [
            job for job in self.jobs.values()
            if job.state in {"queued", "paused"} and job.deadline is not None and job.deadline < self.clock.now
        ]  # fmt: skip
        for job in late:
            job.become("cancelled" if job.begun else "expired")
        assert sorted(self.workers["w2"].sweep()) == sorted([job.id for job in silent] + [job.id for job in late])

    @precondition(lambda self: self.jobs)
    @rule(place=some_job, verbs=st.lists(st.sampled_from(["cancel", "pause", "resume"]), min_size=1, max_size=3))
    def wish(self, place: int, verbs: list[str]) -> None:
        job = self.pick(place)
        for verb in verbs:
            self.wish_one(job, verb)

    def wish_one(self, job: Known, verb: str) -> None:
        getattr(self.queue, verb)(job.id)
        at_once = {"cancel": {"queued": "cancelled", "paused": "cancelled"}, "pause": {"queued": "paused"},
                   "resume": {"paused": "queued"}}[verb]  # fmt: skip
        if job.state in at_once:
            job.become(at_once[job.state])
        elif job.state == "running" and job.wish != "cancel":
            job.wish = {"cancel": "cancel", "pause": "pause", "resume": None}[verb]

    @precondition(lambda self: self.jobs)
    @rule(place=some_job)
    def retry(self, place: int) -> None:
        job = self.pick(place)
        if job.state not in ENDED - {"done"}:
            with pytest.raises(Conflict):
                self.queue.retry(job.id)
            return
        self.queue.retry(job.id)
        job.become("queued")
        job.attempts, job.deadline, job.dropped = 0, None, set()

    @precondition(lambda self: self.jobs)
    @rule(place=some_job, number=st.integers(0, 1))
    def drop(self, place: int, number: int) -> None:
        job = self.pick(place)
        number %= job.n
        self.queue.drop(job.id, number)
        if job.state not in ENDED and number not in job.made | job.dropped:
            job.dropped.add(number)
            if job.state != "running":
                job.end_if_whole()

    @rule(paused=st.booleans())
    def pause_all(self, paused: bool) -> None:
        self.queue.pause_all(paused)
        self.paused = paused

    @invariant()
    def both_are_the_same(self) -> None:
        if not hasattr(self, "queue"):
            return
        found = {job.id: job for job in self.queue.find(limit=1000)}
        assert found.keys() == self.jobs.keys()
        last = {event.job: event.data["state"] for event in self.queue.events(dict.fromkeys(found, 0))
                if event.kind == "state"}  # fmt: skip
        with self.database.reading() as connection:
            wishes = dict(connection.execute(select(tables.jobs.c.id, tables.jobs.c.wish)).all())
        assert wishes == {job.id: job.wish for job in self.jobs.values()}
        for id, job in self.jobs.items():
            now = found[id]
            seen = (now.state, {m.number for m in now.made}, set(now.dropped), now.attempts, now.worker)
            assert seen == (job.state, job.made, job.dropped, job.attempts, job.worker)
            assert last[id] == job.state, "an event tells of every state"
            assert bool(now.reason) == (job.state in {"failed", "expired"}) or job.state == "cancelled"


@pytest.mark.timeout(240)
def test_the_queue_is_what_its_model_says(database: Database, clock: Clock):
    run_state_machine_as_test(
        lambda: Machine(database, clock),
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # making a failure shorter takes minutes
        ),
    )
