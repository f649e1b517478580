"""The chronicle: what becomes of jobs, wherever they are painted, goes into the log and the metrics.

It is read from the table of events, as webhooks are, so it holds what workers on other machines do, too.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from sfumato.core.errors import SfumatoError
from sfumato.core.job import ENDED, JobEvent, State
from sfumato.http.hub import Hub
from sfumato.http.metrics import Metrics
from sfumato.jobs.queue import OVERLAP, Queue

POLL = 1.0  # seconds


class Chronicle:
    """Runs as long as the server does."""

    def __init__(self, queue: Queue, hub: Hub, metrics: Metrics, log: Callable[..., None]):
        self._queue, self._hub, self._metrics, self._log = queue, hub, metrics, log

    async def run(self) -> None:
        """Tell of what happens from now on."""
        begin = last = await self._from()
        told: dict[int, None] = {}
        while True:
            await asyncio.sleep(POLL)
            with suppress(SfumatoError):  # the database is away: next time
                for event in await asyncio.to_thread(self._queue.events_after, max(begin, last - OVERLAP)):
                    last = max(last, event.seq)
                    if event.seq not in told:
                        told[event.seq] = None
                        await self._tell(event)
                told = dict.fromkeys(list(told)[-2 * OVERLAP :])

    async def _from(self) -> int:
        while True:
            with suppress(SfumatoError):
                return await asyncio.to_thread(self._queue.last_event)
            await asyncio.sleep(POLL)

    async def _tell(self, event: JobEvent) -> None:
        if event.kind != "state":
            return
        self._log(job=event.job, **event.data)
        if cast(State, event.data["state"]) in ENDED:
            job = await asyncio.to_thread(self._queue.get, event.job)
            waited = None if job.started is None else job.started - job.created
            self._metrics.ended(event.data["state"], waited, event.at - job.created)
