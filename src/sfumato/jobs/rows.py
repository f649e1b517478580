"""Rows of jobs, within a transaction: read, moved from state to state, and told of; for doors and workers alike.

Every change of a job's state and the event that tells of it are one transaction, so a reader of events has seen it all.
"""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, insert, select, update

from sfumato.core.errors import NotFound
from sfumato.core.job import ENDED, PRIORITIES, Job, JobEvent, Made, State
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.jobs.tables import dropped, events, jobs, pictures, switches

Recipes = TypeAdapter(tuple[Recipe, ...])


def new_id() -> str:
    """Sorts by time: 48 bits of milliseconds and 80 of chance, in hexadecimal."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def no_such(id: str) -> NotFound:
    return NotFound(f"no job {shown(id)}; see what there is with sfumato queue ls")


def read(connection: Connection, id: str, *, lock: bool = False) -> Job:
    """A job as it is in this transaction; NotFound. lock: nobody else changes it until the transaction ends."""
    if "\0" in id:  # which PostgreSQL would not even look for
        raise no_such(id)
    wanted = select(jobs).where(jobs.c.id == id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).mappings().one_or_none()
    if row is None:
        raise no_such(id)
    return jobs_of(connection, [row])[0]


def change(connection: Connection, job: Job, state: State, now: float, reason: str | None = None, **more: Any) -> None:
    """Move a job that is locked into another state, and tell of it. What a claim had is taken from it."""
    if state in ENDED:
        more.setdefault("ended", now)
    free = {"claimed_by": None, "lease_until": None, "wish": None, "reason": reason}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(state=state, **free | more))
    tell(connection, job.id, now, "state", state=state, **({"reason": reason} if reason else {}))


def end_if_whole(connection: Connection, job: Job, now: float) -> bool:
    """End a job that is locked, if each of its pictures is painted or was taken out; whether it did."""
    whole = len({*job.dropped, *(made.number for made in job.made)}) == len(job.recipes)
    if whole:
        change(connection, job, "done" if job.made else "cancelled", now)
    return whole


def tell(connection: Connection, job: str, now: float, kind: str, **data: Any) -> None:
    """Keep an event. The job's row is locked by then, so that numbers grow as they become visible."""
    connection.execute(insert(events), {"job": job, "at": now, "kind": kind, "data": json.dumps(data)})


def all_paused(connection: Connection) -> bool:
    """Whether nothing new may be begun."""
    return connection.execute(select(switches).where(switches.c.name == "paused")).first() is not None


def jobs_of(connection: Connection, rows: Sequence[RowMapping]) -> list[Job]:
    """The jobs of these rows, with their pictures; two statements for all of them."""
    made: dict[str, list[Made]] = {row["id"]: [] for row in rows}
    out: dict[str, list[int]] = {row["id"]: [] for row in rows}
    found = select(pictures).where(pictures.c.job.in_(list(made))).order_by(pictures.c.number)
    for row in connection.execute(found).mappings():
        made[row["job"]].append(Made(row["number"], row["picture"], row["seconds"]))
    for row in connection.execute(select(dropped).where(dropped.c.job.in_(list(out))).order_by(dropped.c.number)):
        out[row.job].append(row.number)
    return [job_of(row, tuple(made[row["id"]]), tuple(out[row["id"]])) for row in rows]


def job_of(row: RowMapping | dict[str, Any], made: tuple[Made, ...], out: tuple[int, ...]) -> Job:
    """A row as a job. out: numbers of the pictures that were taken out."""
    return Job(
        id=row["id"],
        owner=row["owner"],
        state=cast(State, row["state"]),
        priority=PRIORITIES[row["priority"]],
        door=row["door"],
        asked=json.loads(row["asked"]),
        recipes=Recipes.validate_json(row["recipes"]),
        made=made,
        dropped=out,
        warnings=tuple(json.loads(row["warnings"])),
        attempts=row["attempts"],
        reason=row["reason"],
        worker=row["claimed_by"],
        number=row["number"],
        step=row["step"],
        steps=row["steps"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        deadline=row["deadline"],
        place=row["created"] if row["place"] is None else row["place"],
    )


def event_of(row: RowMapping) -> JobEvent:
    """A row as an event."""
    return JobEvent(row["seq"], row["job"], row["at"], row["kind"], json.loads(row["data"]))


def as_data(job: Job) -> dict[str, Any]:
    """A job as JSON can hold it."""
    return {**asdict(job), "recipes": [recipe.model_dump(mode="json") for recipe in job.recipes]}
