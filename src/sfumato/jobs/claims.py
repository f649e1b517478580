"""The queue as workers see it: claim, renew, publish, end, give back; and what becomes of a dead worker's jobs."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, or_, select, update

from sfumato.core.errors import SfumatoError
from sfumato.core.job import Job, Made, State
from sfumato.jobs.database import Database
from sfumato.jobs.rows import all_paused, change, end_if_whole, read, tell
from sfumato.jobs.tables import dropped, jobs, owners, pictures

LEASE = 30.0  # seconds
MOST_ATTEMPTS = 3
LATE = "it was not done by its deadline"
GRANTED: dict[str | None, State] = {"cancel": "cancelled", "pause": "paused"}  # what a wish makes of a job
PATIENCE_FOR_LOADED = 20.0  # seconds that a job may be passed over for those whose model is loaded


class Lost(SfumatoError):
    """The claim is not held any more: somebody else has the job, or it has ended."""


@dataclass(frozen=True)
class Claim:
    """A job that a worker holds. token: grows with every claim of the job."""

    job: Job
    token: int


@dataclass(frozen=True)
class At:
    """How far a job's picture is."""

    number: int = 0
    step: int = 0
    steps: int = 0


class Claims:
    """What one worker does with jobs. worker: its name, unlike any other's. lease: seconds that a claim holds."""

    def __init__(self, database: Database, worker: str, lease: float = LEASE):
        self._database = database
        self.worker = worker
        self._lease = lease

    def claim(
        self, loaded: Collection[str] = (), *, above: int | None = None, without: Collection[str] = ()
    ) -> Claim | None:
        """The next job, or None: by urgency, then the owner who waits longest, then a loaded model, then age.

        loaded: models that are there already. above: only more urgent than this place in PRIORITIES. without: owners
        who have had their share.
        """
        with self._database.writing() as connection:
            if all_paused(connection):
                return None
            now = self._database.now(connection)
            id = connection.execute(self._next(now, loaded, above, without)).scalar_one_or_none()
            if id is None:
                return None
            self._count_turn(connection, id)
            connection.execute(
                update(jobs)
                .where(jobs.c.id == id)
                .values(
                    state="running",
                    token=jobs.c.token + 1,
                    attempts=jobs.c.attempts + 1,
                    claimed_by=self.worker,
                    lease_until=now + self._lease,
                    started=func.coalesce(jobs.c.started, now),
                )
            )
            tell(connection, id, now, "state", state="running")
            token = connection.execute(select(jobs.c.token).where(jobs.c.id == id)).scalar_one()
            return Claim(read(connection, id), token)

    def renew(self, held: Mapping[str, tuple[int, At]]) -> dict[str, str]:
        """Hold claims for another lease, and say how far they are.

        held: token and place by job's id. Returns what is wished, by job's id: `cancel`, `pause`, `late` or `lost`.
        """
        wishes: dict[str, str] = {}
        if not held:
            return wishes
        with self._database.writing() as connection:
            now = self._database.now(connection)
            for id, (token, at) in sorted(held.items()):  # sorted: two who lock rows lock them in the same order
                done = connection.execute(
                    update(jobs)
                    .where(self._held(id, token))
                    .values(lease_until=now + self._lease, number=at.number, step=at.step, steps=at.steps)
                )
                if not done.rowcount:
                    wishes[id] = "lost"
                    continue
                row = connection.execute(select(jobs.c.wish, jobs.c.deadline).where(jobs.c.id == id)).one()
                if row.wish is not None:
                    wishes[id] = row.wish
                elif row.deadline is not None and row.deadline < now:
                    wishes[id] = "late"
        return wishes

    def dropped(self, held: Collection[str]) -> dict[str, set[int]]:
        """Which pictures were taken out of these jobs, by job's id."""
        out: dict[str, set[int]] = {id: set() for id in held}
        if out:
            with self._database.reading() as connection:
                for id, number in connection.execute(select(dropped).where(dropped.c.job.in_(list(out)))):
                    out[id].add(number)
        return out

    def settle(self, claim: Claim) -> None:
        """Nothing of it is left to paint, for the rest was taken out: it ends. Lost: nothing was written."""
        with self._database.writing() as connection:
            now = self._lock(connection, claim)
            end_if_whole(connection, read(connection, claim.job.id), now)

    def publish(self, claim: Claim, made: Made) -> None:
        """A picture is finished and in the library; the last one ends the job. Lost: nothing was written.

        One that is there already stays. Progress was made, so earlier attempts count no more.
        """
        with self._database.writing() as connection:
            now = self._lock(connection, claim)
            connection.execute(
                self._database.insert(pictures)
                .values(job=claim.job.id, number=made.number, picture=made.picture, seconds=made.seconds)
                .on_conflict_do_nothing()
            )
            connection.execute(update(jobs).where(jobs.c.id == claim.job.id).values(attempts=1))
            tell(connection, claim.job.id, now, "picture", number=made.number, picture=made.picture)
            end_if_whole(connection, read(connection, claim.job.id), now)

    def warn(self, claim: Claim, text: str) -> None:
        """Keep a remark for the person, once."""
        with self._database.writing() as connection:
            now = self._lock(connection, claim)
            known = json.loads(
                connection.execute(select(jobs.c.warnings).where(jobs.c.id == claim.job.id)).scalar_one()
            )
            if text not in known:
                said = json.dumps([*known, text])
                connection.execute(update(jobs).where(jobs.c.id == claim.job.id).values(warnings=said))
                tell(connection, claim.job.id, now, "log", text=text)

    def end(self, claim: Claim, state: State, reason: str | None = None) -> None:
        """failed with a reason, or cancelled."""
        with self._database.writing() as connection:
            change(connection, claim.job, state, self._lock(connection, claim), reason)

    def give_back(self, claim: Claim) -> None:
        """Not finished, and no fault of the job's: cancelled or paused if that is still wished, else for the next."""
        with self._database.writing() as connection:
            now = self._lock(connection, claim)
            if end_if_whole(connection, read(connection, claim.job.id), now):
                return
            wish = connection.execute(select(jobs.c.wish).where(jobs.c.id == claim.job.id)).scalar_one()
            fewer = case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0)
            change(connection, claim.job, GRANTED.get(wish, "queued"), now, attempts=fewer)

    def bury(self, why: str) -> list[str]:
        """This worker is dead: its jobs are queued again, or fail after three deaths in a row. Returns their ids."""
        with self._database.writing() as connection:
            mine = and_(jobs.c.state == "running", jobs.c.claimed_by == self.worker)
            return self._orphans(connection, mine, why)

    def sweep(self) -> list[str]:
        """Jobs whose worker fell silent, and those whose time is over before anyone began. Returns their ids."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            silent = and_(jobs.c.state == "running", jobs.c.lease_until < now)
            found = self._orphans(connection, silent, "its worker fell silent")
            late = and_(jobs.c.state.in_(["queued", "paused"]), jobs.c.deadline < now)
            for id in (
                connection.execute(select(jobs.c.id).where(late).with_for_update(skip_locked=True)).scalars().all()
            ):
                job = read(connection, id)
                begun = job.started is not None
                change(connection, job, "cancelled" if begun else "expired", now, LATE)
                found.append(id)
            return found

    def _next(self, now: float, loaded: Collection[str], above: int | None, without: Collection[str]) -> Any:
        waiting = and_(jobs.c.state == "queued", or_(jobs.c.deadline.is_(None), jobs.c.deadline >= now))
        if above is not None:
            waiting = and_(waiting, jobs.c.priority < above)
        if without:
            waiting = and_(waiting, jobs.c.owner.not_in(list(without)))
        moved = jobs.c.place.is_not(None)  # somebody said in which order
        at_hand = or_(jobs.c.model.in_(list(loaded)), jobs.c.created < now - PATIENCE_FOR_LOADED, moved)
        return (
            select(jobs.c.id)
            .select_from(jobs.outerjoin(owners, owners.c.owner == jobs.c.owner))
            .where(waiting)
            .order_by(
                jobs.c.priority,
                func.coalesce(owners.c.turn, 0),
                case((at_hand, 0), else_=1),
                func.coalesce(jobs.c.place, jobs.c.created),
                jobs.c.id,
            )
            .limit(1)
            .with_for_update(of=jobs, skip_locked=True)  # PostgreSQL: two workers never wait for, nor get, the same row
        )

    def _count_turn(self, connection: Connection, id: str) -> None:
        owner = connection.execute(select(jobs.c.owner).where(jobs.c.id == id)).scalar_one()
        turn = select(func.coalesce(func.max(owners.c.turn), 0) + 1).scalar_subquery()
        new = self._database.insert(owners).values(owner=owner, turn=turn)
        connection.execute(new.on_conflict_do_update(index_elements=["owner"], set_={"turn": new.excluded.turn}))

    def _held(self, id: str, token: int) -> Any:
        return and_(jobs.c.id == id, jobs.c.token == token, jobs.c.state == "running")

    def _lock(self, connection: Connection, claim: Claim) -> float:
        """Now, if the claim holds until this transaction ends; else Lost."""
        held = select(literal(1)).where(self._held(claim.job.id, claim.token)).with_for_update(of=jobs)
        if connection.execute(held).first() is None:
            raise Lost(f"job {claim.job.id} is another worker's by now, or has ended")
        return self._database.now(connection)

    def _orphans(self, connection: Connection, which: Any, why: str) -> list[str]:
        now = self._database.now(connection)
        wanted = select(jobs.c.id, jobs.c.wish).where(which).order_by(jobs.c.id).with_for_update(skip_locked=True)
        rows = connection.execute(wanted).all()
        for id, wish in rows:
            job = read(connection, id)
            if wish == "cancel":
                change(connection, job, "cancelled", now)
            elif job.attempts >= MOST_ATTEMPTS:
                change(connection, job, "failed", now, f"{why}, {job.attempts} times in a row: it is not tried again")
            else:
                tell(connection, id, now, "log", text=f"{why}; it is painted again")
                change(connection, job, GRANTED.get(wish, "queued"), now)
        return [id for id, _ in rows]
