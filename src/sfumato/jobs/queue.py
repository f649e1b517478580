"""The queue as doors see it: submit, look, cancel, drop, pause, resume, retry."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from sfumato.core.errors import Conflict, KeyReused, RequestError, TooMany
from sfumato.core.job import ENDED, PRIORITIES, Job, JobEvent, Priority, State
from sfumato.core.ranges import checked_whole
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.jobs.database import Database
from sfumato.jobs.rows import (
    Recipes,
    all_paused,
    change,
    end_if_whole,
    event_of,
    job_of,
    jobs_of,
    new_id,
    no_such,
    read,
    tell,
)
from sfumato.jobs.tables import dropped, events, jobs, switches
from sfumato.jobs.webhooks import Webhook, add

KEY_SECONDS = 24 * 3600  # that an idempotency key is remembered
RETRY_SECONDS = 1800  # after which a client that says it asks again is not believed
LONGEST_KEY = 255
MOST_AT_ONCE = 1000
OVERLAP = 100  # numbers of events that may still become visible behind a higher one
RECENT = 20  # ended jobs, by whose length the wait is guessed

BLANK: dict[str, Any] = {column.name: None for column in jobs.c}


@dataclass(frozen=True)
class Caps:
    """How many jobs may wait or run: of one owner, and in all."""

    owner: int = 1000
    total: int = 10_000


class Queue:
    """What doors do with jobs. owner: whose; None where all may be seen, as on one's own machine."""

    def __init__(self, database: Database, caps: Caps = Caps()):
        self._database = database
        self._caps = caps

    @property
    def database(self) -> Database:
        """Where the jobs are."""
        return self._database

    def submit(
        self,
        recipes: Sequence[Recipe],
        *,
        owner: str = "",
        priority: Priority = "normal",
        warnings: Sequence[str] = (),
        door: str = "native",
        asked: Mapping[str, Any] | None = None,
        key: str | None = None,
        body_hash: str = "",
        deadline: float | None = None,
        most: int | None = None,
        again: bool = False,
        webhook: Webhook | None = None,
    ) -> Job:
        """Accept an order's recipes as one job, durably.

        key: of the same owner within a day, it gives the job that was made of it; KeyReused if body_hash is another.
        deadline: seconds from now. most: the owner's own cap. again: the client says it asks a second time, and gets
        the owner's last job of the same body_hash, if that is young. webhook: who is told what becomes of it. Raises
        TooMany where the queue is full.
        """
        if priority not in PRIORITIES:
            raise RequestError(f"no priority named {shown(priority)}: use {', '.join(PRIORITIES)}")
        if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise RequestError(f"an idempotency key is 1 to {LONGEST_KEY} printable ASCII characters")
        with self._database.writing(alone=True) as connection:
            now = self._database.now(connection)
            if key is not None and (before := self._same(connection, owner, key, body_hash, now)) is not None:
                return before
            if again and (before := self._last(connection, owner, body_hash, now)) is not None:
                return before
            self._check_room(connection, owner, most)
            id = new_id()
            row = BLANK | {
                "id": id, "owner": owner, "state": "queued", "priority": PRIORITIES.index(priority),
                "model": recipes[0].model, "door": door, "asked": json.dumps(asked or {}),
                "recipes": Recipes.dump_json(tuple(recipes)).decode(), "warnings": json.dumps(list(warnings)),
                "idempotency_key": key, "body_hash": body_hash, "attempts": 0, "token": 0, "number": 0, "step": 0,
                "steps": recipes[0].steps, "created": now, "deadline": None if deadline is None else now + deadline,
            }  # fmt: skip
            connection.execute(insert(jobs), row)
            tell(connection, id, now, "state", state="queued")
            for warning in warnings:
                tell(connection, id, now, "log", text=warning)
            if webhook is not None:
                add(connection, id, webhook, now)
            return job_of(row, (), ())

    def get(self, id: str, owner: str | None = None) -> Job:
        """One job; NotFound if there is none, or it is another owner's."""
        with self._database.reading() as connection:
            return self.mine(connection, id, owner)

    def find(
        self,
        owner: str | None = None,
        *,
        states: Iterable[State] = (),
        door: str | None = None,
        before: str | None = None,
        after: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Jobs, newest first. before: only those older than this job; after: the ones that are next newer than it.

        since, until: accepted then or later, and before then; seconds since 1970.
        """
        if not 1 <= limit <= MOST_AT_ONCE:
            raise RequestError(f"limit {shown(limit)} is outside 1 to {MOST_AT_ONCE}")
        wanted = select(jobs).order_by(jobs.c.id.desc() if after is None else jobs.c.id).limit(limit)
        if owner is not None:
            wanted = wanted.where(jobs.c.owner == owner)
        if states := list(states):
            wanted = wanted.where(jobs.c.state.in_(states))
        if door is not None:
            wanted = wanted.where(jobs.c.door == door)
        if before is not None:
            wanted = wanted.where(jobs.c.id < before)
        if after is not None:
            wanted = wanted.where(jobs.c.id > after)
        if since is not None:
            wanted = wanted.where(jobs.c.created >= since)
        if until is not None:
            wanted = wanted.where(jobs.c.created < until)
        with self._database.reading() as connection:
            rows = sorted(connection.execute(wanted).mappings().all(), key=lambda row: row["id"], reverse=True)
            return jobs_of(connection, rows)

    def recipes(self) -> Iterator[str]:
        """The recipes of every job, as JSON; also of those that have ended, which may be tried again."""
        with self._database.reading() as connection:
            yield from connection.execute(select(jobs.c.recipes)).scalars()

    def cancel(self, id: str, owner: str | None = None) -> Job:
        """Stop a job: at once if nobody has begun it, else at the worker's next step. One that has ended stays so."""
        return self._wish(id, owner, "cancel", {"queued": "cancelled", "paused": "cancelled"})

    def drop(self, id: str, number: int, owner: str | None = None) -> Job:
        """Take one picture (from 0) out of a job: at once if it waits, else at the worker's next step.

        One that is painted stays, and so does all of a job that has ended. The last one that goes ends the job.
        """
        with self._database.writing() as connection:
            job = self.mine(connection, id, owner, lock=True)
            checked_whole("number", number, 0, len(job.recipes) - 1)
            if job.is_ended or number in {*job.dropped, *(made.number for made in job.made)}:
                return job
            connection.execute(insert(dropped).values(job=id, number=number))
            now = self._database.now(connection)
            tell(connection, id, now, "dropped", number=number)
            if job.state != "running":
                end_if_whole(connection, read(connection, id), now)
            return read(connection, id)

    def pause(self, id: str, owner: str | None = None) -> Job:
        """Hold a job back until it is resumed; finished pictures stay. One that has ended stays so."""
        return self._wish(id, owner, "pause", {"queued": "paused"})

    def resume(self, id: str, owner: str | None = None) -> Job:
        """Let a paused job go on."""
        return self._wish(id, owner, None, {"paused": "queued"})

    def retry(self, id: str, owner: str | None = None) -> Job:
        """Queue a job again that failed, was cancelled or expired; all that is not painted yet is painted."""
        with self._database.writing() as connection:
            job = self.mine(connection, id, owner, lock=True)
            if job.state not in ENDED - {"done"}:
                raise Conflict(f"job {id} is {job.state}: only one that failed, expired or was cancelled is retried")
            connection.execute(delete(dropped).where(dropped.c.job == id))
            now = self._database.now(connection)
            change(connection, job, "queued", now, attempts=0, ended=None, deadline=None, place=None)
            return read(connection, id)

    def pause_all(self, paused: bool = True) -> None:
        """Let no worker begin anything, or let them again; what is under way goes on."""
        with self._database.writing() as connection:
            connection.execute(delete(switches).where(switches.c.name == "paused"))
            if paused:
                connection.execute(insert(switches).values(name="paused", value="yes"))

    def is_paused(self) -> bool:
        """Whether no worker begins anything."""
        with self._database.reading() as connection:
            return all_paused(connection)

    def count(self) -> dict[str, int]:
        """How many jobs there are in each state that occurs."""
        with self._database.reading() as connection:
            rows = connection.execute(select(jobs.c.state, func.count().label("count")).group_by(jobs.c.state)).all()
            return {row.state: row._mapping["count"] for row in rows}

    def longest_wait(self) -> float:
        """Seconds that the oldest waiting job has waited; 0 where none waits."""
        with self._database.reading() as connection:
            oldest = select(func.min(jobs.c.created)).where(jobs.c.state == "queued")
            created = connection.execute(oldest).scalar_one()
            return 0.0 if created is None else max(0.0, self._database.now(connection) - created)

    def events(self, since: Mapping[str, int]) -> list[JobEvent]:
        """What happened to jobs, in order. since: by job's id, the last event that is known (0: none)."""
        if not since:
            return []
        wanted = select(events).where(and_(events.c.job.in_(list(since)), events.c.seq > min(since.values())))
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(events.c.seq)).mappings().all()
        return [event_of(row) for row in rows if row["seq"] > since[row["job"]]]

    def events_after(self, after: int, owner: str | None = None, limit: int = MOST_AT_ONCE) -> list[JobEvent]:
        """What happened to all jobs of an owner (None: to all there are) after an event, in order.

        With PostgreSQL a number may be seen after a higher one; whoever follows on asks from OVERLAP before the last.
        """
        wanted = select(events).where(events.c.seq > after).order_by(events.c.seq).limit(limit)
        if owner is not None:
            wanted = wanted.join(jobs, jobs.c.id == events.c.job).where(jobs.c.owner == owner)
        with self._database.reading() as connection:
            return [event_of(row) for row in connection.execute(wanted).mappings()]

    def last_event(self) -> int:
        """The highest number of an event; 0: nothing has happened yet."""
        with self._database.reading() as connection:
            return connection.execute(select(func.coalesce(func.max(events.c.seq), 0))).scalar_one()

    def mine(self, connection: Connection, id: str, owner: str | None, *, lock: bool = False) -> Job:
        """A job of theirs, in this transaction; NotFound."""
        job = read(connection, id, lock=lock)
        if owner is not None and job.owner != owner:
            raise no_such(id)
        return job

    def _same(self, connection: Connection, owner: str, key: str, body_hash: str, now: float) -> Job | None:
        """The job that this key made, if that is not too long ago."""
        mine = and_(jobs.c.owner == owner, jobs.c.idempotency_key == key)
        row = connection.execute(select(jobs.c.id, jobs.c.body_hash, jobs.c.created).where(mine)).one_or_none()
        if row is None:
            return None
        if row.created < now - KEY_SECONDS:
            connection.execute(update(jobs).where(jobs.c.id == row.id).values(idempotency_key=None))
            return None
        if row.body_hash != body_hash:
            raise KeyReused(f"idempotency key {shown(key)} was used for another order: take a new key for a new order")
        return read(connection, row.id)

    def _last(self, connection: Connection, owner: str, body_hash: str, now: float) -> Job | None:
        """The job that the same request made a while ago."""
        young = and_(jobs.c.owner == owner, jobs.c.body_hash == body_hash, jobs.c.created >= now - RETRY_SECONDS)
        id = connection.execute(select(jobs.c.id).where(young).order_by(jobs.c.id.desc()).limit(1)).scalar_one_or_none()
        return None if id is None else read(connection, id)

    def _check_room(self, connection: Connection, owner: str, most: int | None) -> None:
        mine = func.sum(case((jobs.c.owner == owner, 1), else_=0))
        total, mine = connection.execute(
            select(func.count(), func.coalesce(mine, 0)).where(jobs.c.state.in_(["queued", "paused", "running"]))
        ).one()
        cap = self._caps.owner if most is None else most
        if total >= self._caps.total:
            raise TooMany(f"the queue is full ({total} jobs): try again later", self._wait(connection))
        if mine >= cap:
            raise TooMany(f"you have {mine} jobs waiting, {cap} are allowed: wait for some, or cancel some",
                          self._wait(connection))  # fmt: skip

    def _wait(self, connection: Connection) -> int:
        """Whole seconds until a place is free, by how long the last jobs took."""
        last = select(jobs.c.started, jobs.c.ended).where(jobs.c.state == "done").order_by(jobs.c.ended.desc())
        took = [row.ended - row.started for row in connection.execute(last.limit(RECENT))]
        return min(600, max(1, math.ceil(sum(took) / len(took)))) if took else 5

    def _wish(self, id: str, owner: str | None, wish: str | None, at_once: Mapping[str, State]) -> Job:
        """A change at once, or a wish that the worker grants; that a job is to be cancelled is not taken back."""
        with self._database.writing() as connection:
            job = self.mine(connection, id, owner, lock=True)
            if job.state in at_once:
                change(connection, job, at_once[job.state], self._database.now(connection))
            elif job.state == "running":
                stays = jobs.c.wish == "cancel"
                changed = case((stays, jobs.c.wish), else_=wish)
                connection.execute(update(jobs).where(jobs.c.id == id).values(wish=changed))
            return read(connection, id)
