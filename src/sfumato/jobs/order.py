"""Moving a waiting job before another of the same user. Between users the turns stay: nobody is moved past another.

A job's place is when it was ordered. To move one, the places that its neighbours have are dealt out anew in the new
order; so none is invented, and those who are not between the two ends keep theirs.
"""

import math

from sqlalchemy import Connection, func, select, update

from sfumato.core.errors import Conflict, RequestError
from sfumato.core.job import PRIORITIES, Job, State
from sfumato.core.wording import shown
from sfumato.jobs.queue import Queue
from sfumato.jobs.rows import read, tell
from sfumato.jobs.tables import jobs

WAITING: tuple[State, ...] = ("queued", "paused")


def move(queue: Queue, id: str, before: str | None, owner: str | None = None) -> Job:
    """Let a waiting job be painted before another, and be as urgent as that one; None: after all that are as urgent.

    Raises NotFound, Conflict where one of them does not wait any more, RequestError where they are not one user's.
    """
    with queue.database.writing(alone=True) as connection:
        job = waiting(queue, connection, id, owner)
        other = job if before is None else waiting(queue, connection, before, owner)
        if other.owner != job.owner:
            raise RequestError(f"job {shown(before)} is another user's, and users take turns: move it before its own")
        if id == before:
            return job
        place = func.coalesce(jobs.c.place, jobs.c.created)
        beside = select(jobs.c.id, place.label("place")).where(
            jobs.c.owner == job.owner, jobs.c.state.in_(WAITING),
            (jobs.c.priority == PRIORITIES.index(other.priority)) | (jobs.c.id == id),
        )  # fmt: skip
        rows = connection.execute(beside.order_by(place, jobs.c.id).with_for_update()).all()
        order = [row.id for row in rows if row.id != id]
        order.insert(len(order) if before is None else order.index(before), id)
        now, old = queue.database.now(connection), {row.id: row.place for row in rows}
        for one, new in zip(order, strictly_growing([row.place for row in rows]), strict=True):
            if new == old[one] and one != id:
                continue
            urgency = {"priority": PRIORITIES.index(other.priority)} if one == id else {}
            connection.execute(update(jobs).where(jobs.c.id == one).values(place=new, **urgency))
            tell(connection, one, now, "moved")
        return read(connection, id)


def waiting(queue: Queue, connection: Connection, id: str, owner: str | None) -> Job:
    """A job of theirs that nobody has begun."""
    job = queue.mine(connection, id, owner, lock=True)
    if job.state not in WAITING:
        raise Conflict(f"job {id} is {job.state}: only one that waits can be moved, or have others before it")
    return job


def strictly_growing(places: list[float]) -> list[float]:
    """The same numbers, each as little larger than the one before as it must be."""
    grown: list[float] = []
    for place in places:
        grown.append(max(place, math.nextafter(grown[-1], math.inf)) if grown else place)
    return grown
