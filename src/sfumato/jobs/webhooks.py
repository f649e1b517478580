"""Webhooks: whom to tell of a job, and how far that is; durable, so that a restart forgets nobody.

A webhook is written with its job, in one transaction. Whoever delivers claims those that are due for a while, tells,
and settles; what a claim left unsettled is due again when its time is over.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, insert, select, update

from sfumato.jobs.database import Database
from sfumato.jobs.tables import events, webhooks

HELD = 60.0  # seconds that a claim holds: longer than a delivery takes


@dataclass(frozen=True)
class Webhook:
    """url: what is told. events: of `start`, `output`, `logs`, `completed`. root: where links to this server begin."""

    url: str
    events: tuple[str, ...]
    root: str


@dataclass(frozen=True)
class Due:
    """A claimed webhook of a job. seen: the last event told. sent: when what was told of output or logs happened."""

    job: str
    webhook: Webhook
    seen: int
    sent: float
    attempts: int


def add(connection: Connection, job: str, webhook: Webhook, now: float) -> None:
    """With the job, in its transaction."""
    said = json.dumps(webhook.events)
    connection.execute(
        insert(webhooks).values(
            job=job, url=webhook.url, events=said, root=webhook.root, seen=0, sent=0.0, attempts=0, due=now
        )
    )


class Webhooks:
    """The webhooks of a database, for those who deliver them."""

    def __init__(self, database: Database):
        self._database = database

    def claim(self, most: int) -> list[Due]:
        """Those with something to tell; the ones that never failed first. Nobody else gets them for a minute."""
        news = exists().where(events.c.job == webhooks.c.job, events.c.seq > webhooks.c.seen)
        order = webhooks.c.attempts, webhooks.c.due, webhooks.c.job
        with self._database.reading() as connection:
            now = self._database.now(connection)
            wanted = select(webhooks).where(webhooks.c.due <= now, news).order_by(*order).limit(most)
            if connection.execute(wanted).first() is None:  # mostly so, and nobody who writes has to wait for it
                return []
        with self._database.writing() as connection:
            now = self._database.now(connection)
            rows = connection.execute(wanted.with_for_update(of=webhooks, skip_locked=True)).all()
            held = [row.job for row in rows]
            connection.execute(update(webhooks).where(webhooks.c.job.in_(held)).values(due=now + HELD))
        return [
            Due(row.job, Webhook(row.url, tuple(json.loads(row.events)), row.root), row.seen, row.sent, row.attempts)
            for row in rows
        ]

    def settle(self, due: Due, *, wait: float = 0) -> None:
        """Keep how far it is, and be due again after so many seconds."""
        with self._database.writing() as connection:
            again = self._database.now(connection) + wait
            changes = {"seen": due.seen, "sent": due.sent, "attempts": due.attempts, "due": again}
            connection.execute(update(webhooks).where(webhooks.c.job == due.job).values(**changes))

    def drop(self, jobs: Sequence[str]) -> None:
        """There is nothing more to tell."""
        with self._database.writing() as connection:
            connection.execute(delete(webhooks).where(webhooks.c.job.in_(jobs)))
