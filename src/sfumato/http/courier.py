"""The courier: tells webhooks what becomes of their jobs, in the words of the API that each was ordered through.

What is to be told is read from the table of events, so a restart forgets nothing, and nobody who paints waits. The end
of a job is told until it is heard or half an hour is over; the rest once, and outputs and logs at most twice a second,
as Replicate has it. Every address goes through the one fetcher of outside.py.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import cast

from sfumato.core.errors import SfumatoError
from sfumato.core.job import ENDED, Job, JobEvent, State
from sfumato.http.hub import Hub
from sfumato.jobs.queue import Queue
from sfumato.jobs.webhooks import HELD, Due, Webhook, Webhooks
from sfumato.outside import NotFetched, Outside
from sfumato.settings import Settings

LOG = logging.getLogger("sfumato.http")

SECONDS = 10.0  # that a receiver may take
AT_ONCE = 8
PAUSE = 0.5  # seconds between two letters of outputs and logs
LOOK = 0.5  # seconds between two looks for what workers elsewhere have done
MOST_TRIES = 12  # with pauses of 2, 4, 8 ... 600 seconds
LONGEST_WAIT = 600.0  # seconds
EVENTS = ("start", "output", "logs", "completed")


@dataclass(frozen=True)
class Occasion:
    """Why a letter is written. event: one of EVENTS. id: the same each time it is sent. root: this server's address."""

    event: str
    id: str
    root: str


@dataclass(frozen=True)
class Letter:
    """What is sent. headers: beside Content-Type, which is JSON's."""

    body: bytes
    headers: dict[str, str]


Write = Callable[[Job, Occasion], Letter]
"""The letter about a job, as it was on that occasion, in an API's own form."""


def receivers(settings: Settings) -> Outside:
    """Where webhooks may be sent to."""
    return Outside(enabled=settings.fetch, seconds=SECONDS, allowed=settings.fetch_allow)


def webhook(settings: Settings, root: str, url: str | None, events: Sequence[str]) -> Webhook | None:
    """The webhook that a request asks for, None: none; RequestError where it could never be told."""
    if url is None:
        return None
    receivers(settings).permit(url)
    return Webhook(url, tuple(events), root)


class Courier:
    """writers: by door. outside: what may be reached."""

    def __init__(self, queue: Queue, webhooks: Webhooks, writers: dict[str, Write], outside: Outside, hub: Hub):
        self._queue, self._webhooks, self._writers = queue, webhooks, writers
        self._outside, self._hub = outside, hub

    async def run(self) -> None:
        """Deliver as long as the server runs."""
        under_way: set[asyncio.Future[None]] = set()
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(AT_ONCE, "courier")
        try:
            while True:
                due: list[Due] = []
                if len(under_way) < AT_ONCE:
                    with suppress(SfumatoError):  # the database is away: next time
                        due = await asyncio.to_thread(self._webhooks.claim, AT_ONCE - len(under_way))
                under_way |= {loop.run_in_executor(pool, self._deliver, one) for one in due}
                await self._hub.stirred(LOOK)
                under_way = {future for future in under_way if not future.done()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, due: Due) -> None:
        """Tell all that can be told of one job now."""
        try:
            while (due_now := self._tell(due)) is not None:
                due = due_now
        except SfumatoError:
            pass  # the database is away: the claim ends by itself, and it is told then
        except Exception:
            LOG.exception("a webhook could not be written")

    def _tell(self, due: Due) -> Due | None:
        """Tell one thing; None: that is all for now."""
        events = self._queue.events({due.job: 0})
        job = self._queue.get(due.job)
        occasion = next_occasion(events, due)
        if occasion is None:
            if ended(events):
                self._webhooks.drop([due.job])
            else:
                self._webhooks.settle(replace(due, seen=events[-1].seq))
            return None
        name, event, at = occasion
        if (wait := min(PAUSE, at - time.time())) > 0:
            self._webhooks.settle(due, wait=wait)
            return None
        problem = self._send(job, events, due, name, event)
        if problem is not None and name == "completed" and due.attempts + 1 < MOST_TRIES:
            again = replace(due, attempts=due.attempts + 1)
            self._webhooks.settle(again, wait=min(LONGEST_WAIT, 2.0**again.attempts))
            return None
        if problem is not None:
            LOG.warning("the webhook of job %s was not told of its %s: %s", due.job, name, problem)
        if name == "completed":
            self._webhooks.drop([due.job])
            return None
        told = replace(due, seen=event.seq, sent=due.sent if name == "start" else event.at)
        self._webhooks.settle(told, wait=HELD)  # it is still ours: what comes next is told at once
        return told

    def _send(self, job: Job, events: Sequence[JobEvent], due: Due, name: str, event: JobEvent) -> str | None:
        """Send it; what went wrong, if anything did."""
        occasion = Occasion(name, f"msg_{due.job}_{event.seq}", due.webhook.root)
        letter = self._writers[job.door](as_of(job, events, event.seq), occasion)
        headers = {"Content-Type": "application/json", **letter.headers}
        try:
            status = self._outside.post(due.webhook.url, letter.body, headers)
        except NotFetched as error:
            return str(error)
        return None if 200 <= status < 300 else f"its answer was {status}"


def next_occasion(events: Sequence[JobEvent], due: Due) -> tuple[str, JobEvent, float] | None:
    """What is to be told next: its name, the event it is about, and when it may be; None: nothing.

    events: all of the job. Outputs and logs that follow each other within PAUSE are one letter, with the last of them;
    those just before the end are not told at all, for the end tells everything.
    """
    waiting: tuple[str, JobEvent, float] | None = None
    begun = False
    for event in events:
        name = name_of(event)
        first, begun = not begun, begun or name == "start"
        if event.seq <= due.seen or name not in due.webhook.events or (name == "start" and not first):
            continue
        if name == "completed":
            return name, event, event.at
        if name == "start":
            return waiting or (name, event, event.at)
        if waiting is not None and event.at > waiting[2]:
            return waiting
        at = max(event.at, due.sent + PAUSE) if waiting is None else waiting[2]
        waiting = (name, event, at)
    return waiting


def name_of(event: JobEvent) -> str | None:
    """As webhooks call it."""
    if event.kind == "state":
        return "start" if event.data["state"] == "running" else "completed" if event.data["state"] in ENDED else None
    return {"picture": "output", "log": "logs"}.get(event.kind)


def ended(events: Sequence[JobEvent]) -> bool:
    return next((e.data["state"] in ENDED for e in reversed(events) if e.kind == "state"), False)


def as_of(job: Job, events: Sequence[JobEvent], seq: int) -> Job:
    """The job as it was when an event had just happened."""
    past = [event for event in events if event.seq <= seq]
    said = next((event.data["state"] for event in reversed(past) if event.kind == "state"), job.state)
    state = cast(State, said)
    known = {event.data["number"] for event in past if event.kind == "picture"}
    made = tuple(one for one in job.made if one.number in known)
    if state == job.state:
        return replace(job, made=made)
    return replace(job, state=state, made=made, step=0, ended=None, reason=None)
