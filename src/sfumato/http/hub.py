"""Where those who wait for jobs are told what happens to them.

What counts, states and pictures and logs, is read from the queue, so nothing of it is missed and it can be read again
from any point. Steps and previews come from the worker as they happen; a reader who is slow sees only the latest of
each, and holds up nobody.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sfumato.core.errors import SfumatoError
from sfumato.core.job import ENDED, Job, JobEvent
from sfumato.jobs.queue import MOST_AT_ONCE, OVERLAP, Queue

POLL = 1.0  # seconds between two looks for what workers elsewhere have done
QUIET = 15.0  # seconds without news, after which a reader is told that the server is there still
ALL = ""  # in place of a job: every one


@dataclass(frozen=True)
class Live:
    """A step or a preview, which is not kept. data: as the worker tells it."""

    kind: str
    data: dict[str, Any]


@dataclass(eq=False)
class _Watcher:
    """One reader. job: ALL for one of everything. live: the latest of each job and kind that it has not seen."""

    job: str
    previews: bool
    changed: bool = True
    live: dict[str, Live] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)


class _Told:
    """Which of the last events a reader was told of; older ones than those that are asked for again need no memory."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=2 * OVERLAP)

    def is_new(self, seq: int) -> bool:
        if seq in self._last:
            return False
        self._last.append(seq)
        return True


class _Whose:
    """Which jobs an owner may see; asked once for each."""

    def __init__(self, queue: Queue, owner: str | None):
        self._queue, self._owner = queue, owner
        self._known: dict[str, bool] = {}

    async def is_theirs(self, job: str) -> bool:
        if self._owner is None:
            return True
        if job not in self._known:
            try:
                self._known[job] = (await asyncio.to_thread(self._queue.get, job)).owner == self._owner
            except SfumatoError:  # the database is away: asked again at the next step
                return False
        return self._known[job]


class Hub:
    """send: says something to the worker, as Supervisor.send."""

    def __init__(self, queue: Queue, send: Callable[..., None] = lambda **message: None):
        self._queue, self._send = queue, send
        self._watchers: dict[str, set[_Watcher]] = {}
        self._reading: dict[tuple[int, str | None], asyncio.Future[list[JobEvent]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._stir = asyncio.Event()

    async def run(self) -> None:
        """Look from time to time what workers elsewhere have done; runs as long as the server does."""
        self._loop = asyncio.get_running_loop()
        seen: dict[str, int] = {}
        while True:
            await asyncio.sleep(POLL)
            if any(watcher.previews for watcher in self._watchers.get(ALL, ())):
                self._send(do="watch", job=ALL)  # said again, for the worker may be another one by now
            self._mark(ALL)
            seen = {job: seen.get(job, 0) for job in self._watchers if job != ALL}
            with suppress(SfumatoError):  # the database is away: next time
                for event in await asyncio.to_thread(self._queue.events, seen):
                    seen[event.job] = event.seq
                    self._mark(event.job)

    @property
    def readers(self) -> int:
        """Who reads events or waits for an end."""
        return sum(map(len, self._watchers.values()))

    async def stirred(self, seconds: float) -> None:
        """Come back when a worker has told of a change, or after so many seconds; for one reader."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stir.wait(), seconds)
        self._stir.clear()

    def told(self, message: dict[str, Any]) -> None:
        """What a worker tells; from any thread."""
        if self._loop is not None and "job" in message:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._pass_on, message)

    def close(self) -> None:
        """Let every reader go; from the loop's thread or a signal."""
        self._closing = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.news.set()

    def look(self) -> None:
        """There is a new job, or a wish: the worker is to look."""
        self._send(do="look")

    async def events(self, job: str, after: int = 0, previews: bool = False) -> AsyncIterator[JobEvent | Live | None]:
        """Everything that was kept after event `after`, and then what happens, until the job has ended.

        None comes from time to time where nothing else does, so that a connection that is gone is noticed.
        """
        with self._watching(job, previews) as watcher:
            while not self._closing:
                if watcher.changed:
                    watcher.changed = False
                    for event in await asyncio.to_thread(self._queue.events, {job: after}):
                        after = event.seq
                        yield event
                    if (await asyncio.to_thread(self._queue.get, job)).is_ended and not watcher.changed:
                        for event in await asyncio.to_thread(self._queue.events, {job: after}):
                            yield event
                        return
                live, watcher.live = watcher.live, {}
                for message in live.values():
                    yield message
                if not await self._news(watcher, QUIET):
                    yield None

    async def everything(
        self, owner: str | None, after: int | None, previews: bool = False
    ) -> AsyncIterator[JobEvent | Live | int | None]:
        """What happens to all jobs of an owner (None: to all there are) after an event; None: from now on.

        A number comes first: that of the event after which it begins. It ends with the server only; None as in events.
        """
        with self._watching(ALL, previews) as watcher:
            after = await asyncio.to_thread(self._queue.last_event) if after is None else after
            yield after
            begin, told, whose, spoke = after, _Told(), _Whose(self._queue, owner), time.monotonic()
            while not self._closing:
                news: list[JobEvent | Live] = []
                if watcher.changed:
                    watcher.changed = False
                    with suppress(SfumatoError):  # the database is away: next time
                        found = await self._read(max(0, after - OVERLAP), owner)
                        watcher.changed = watcher.changed or len(found) == MOST_AT_ONCE
                        after = max([after, *(event.seq for event in found)])
                        news += [event for event in found if event.seq > begin and told.is_new(event.seq)]
                live, watcher.live = watcher.live, {}
                news += [message for message in live.values() if await whose.is_theirs(message.data["job"])]
                for event in news or ([None] if time.monotonic() - spoke > QUIET else []):
                    yield event
                    spoke = time.monotonic()
                if not watcher.changed:
                    await self._news(watcher, QUIET)

    async def ended(self, job: str, seconds: float | None = None) -> Job:
        """The job when it has ended, or as it is after so many seconds."""
        give_up = None if seconds is None else time.monotonic() + seconds
        with self._watching(job, False) as watcher:
            while True:
                watcher.changed = False
                now = await asyncio.to_thread(self._queue.get, job)
                left = QUIET if give_up is None else give_up - time.monotonic()
                if now.state in ENDED or left <= 0 or self._closing:
                    return now
                until = time.monotonic() + min(left, QUIET)
                while not watcher.changed and not self._closing and (left := until - time.monotonic()) > 0:
                    await self._news(watcher, left)

    async def _read(self, after: int, owner: str | None) -> list[JobEvent]:
        """Events after one; readers who have come as far, and ask after the same change, share one look."""
        key = after, owner
        if (reading := self._reading.get(key)) is None:
            reading = asyncio.ensure_future(asyncio.to_thread(self._queue.events_after, after, owner))
            self._reading[key] = reading
        return await asyncio.shield(reading)

    @contextmanager
    def _watching(self, job: str, previews: bool) -> Iterator[_Watcher]:
        watcher = _Watcher(job, previews)
        self._watchers.setdefault(job, set()).add(watcher)
        if previews:
            self._send(do="watch", job=job)
        try:
            yield watcher
        finally:
            others = self._watchers[job]
            others.discard(watcher)
            if previews and not any(other.previews for other in others):
                self._send(do="unwatch", job=job)
            if not others:
                del self._watchers[job]

    async def _news(self, watcher: _Watcher, seconds: float) -> bool:
        """Whether there is something new within so many seconds."""
        try:
            await asyncio.wait_for(watcher.news.wait(), seconds)
        except TimeoutError:
            return False
        watcher.news.clear()
        return True

    def _pass_on(self, message: dict[str, Any]) -> None:
        kind, job = message["kind"], message["job"]
        if kind == "changed":
            self._stir.set()
            self._mark(job)
            return
        for watcher in self._who_watch(job):
            if kind != "preview" or watcher.previews:
                watcher.live[f"{job} {kind}"] = Live(kind, message)
                watcher.news.set()

    def _who_watch(self, job: str) -> list[_Watcher]:
        return [*self._watchers.get(job, ()), *(self._watchers.get(ALL, ()) if job != ALL else ())]

    def _mark(self, job: str) -> None:
        self._reading.clear()  # what is being read may be from before this change
        for watcher in self._who_watch(job):
            watcher.changed = True
            watcher.news.set()
