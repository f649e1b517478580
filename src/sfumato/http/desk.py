"""What every shape works with: the studio, the hub, and who is asking."""

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import Request
from PIL import Image

from sfumato.core.errors import Conflict, Forbidden, JobFailed, NotFound
from sfumato.core.job import Job, Priority
from sfumato.core.order import Order
from sfumato.errands.runner import Runner
from sfumato.errands.shelf import Shelf
from sfumato.http.crew import Crew
from sfumato.http.hub import Hub
from sfumato.http.links import Links
from sfumato.http.metrics import Metrics
from sfumato.http.placements import Placements
from sfumato.jobs.webhooks import Webhook
from sfumato.library import Entry
from sfumato.outside import Outside
from sfumato.planning import Plan
from sfumato.settings import Settings
from sfumato.studio import Studio


@dataclass(frozen=True)
class Caller:
    """Who asks. owner: whose jobs are theirs; sees: whose they see, None where all. most: their jobs at a time."""

    owner: str = ""
    sees: str | None = None
    most: int | None = None


@dataclass(frozen=True)
class Desk:
    """Given to every shape."""

    studio: Studio
    hub: Hub
    settings: Settings
    links: Links = field(default_factory=Links)
    metrics: Metrics = field(default_factory=Metrics)
    crew: Crew | None = None

    @cached_property
    def outside(self) -> Outside:
        """The way to URLs that requests name."""
        return Outside(enabled=self.settings.fetch, allowed=self.settings.fetch_allow)

    @cached_property
    def errands(self) -> Runner:
        """Long work beside painting."""
        return Runner(self.studio, Shelf(self.settings.home / "errands"), self._environment)

    @cached_property
    def placements(self) -> Placements:
        """How this machine would have models."""
        return Placements(self._environment, self.studio.told_place)

    @property
    def _environment(self) -> dict[str, str]:
        """Of processes that read the same settings."""
        return {**os.environ, **self.settings.environment()}

    @cached_property
    def _finishing(self) -> threading.Semaphore:
        return threading.Semaphore(1)  # such steps take all cores that there are

    def finished(self, image: Image.Image, steps: Sequence[str]) -> Image.Image:
        """A picture that is no job's, after finishing steps; one at a time. From a thread, not the loop."""
        with self._finishing:
            return self.studio.finish(image, steps).image

    def submit(
        self,
        request: Request,
        order: Order | Plan,
        *,
        door: str,
        asked: Mapping[str, Any],
        priority: Priority = "interactive",
        key: str | None = None,
        deadline: float | None = None,
        warnings: tuple[str, ...] = (),
        again: bool = False,
        webhook: Webhook | None = None,
    ) -> Job:
        """Plan an order that is none yet, queue it for whoever asks, and wake the worker; raises what planning refuses.

        asked: the request as it came, to be shown again and to tell one order of a key from another. warnings: of what
        the shape could not say in an order. again: the client says it asks a second time. webhook: who is told what
        becomes of it. From a thread, not the loop.
        """
        caller = caller_of(request)
        job = self.studio.submit(
            order, owner=caller.owner, most=caller.most, priority=priority, door=door, asked=asked, key=key,
            body_hash=hashlib.sha256(json.dumps([door, asked], sort_keys=True).encode()).hexdigest(),
            deadline=deadline, warnings=warnings, again=again, webhook=webhook,
        )  # fmt: skip
        request.state.job = job.id  # for the log
        self.hub.look()
        return job

    def cancel(self, request: Request, id: str) -> Job:
        """Stop a job, and tell the worker at once."""
        job = self.studio.queue.cancel(id, caller_of(request).sees)
        self.hub.look()
        return job

    def drop(self, request: Request, id: str, number: int) -> Job:
        """Take one picture out of a job, and tell the worker at once."""
        job = self.studio.queue.drop(id, number, caller_of(request).sees)
        self.hub.look()
        return job

    def entries(self, job: Job) -> list[Entry]:
        """The finished pictures of a job, in order, but for those that were deleted since."""
        found = []
        for made in job.made:
            with suppress(NotFound):
                found.append(self.studio.library.entry(made.picture))
        return found


def failed(job: Job) -> Job:
    """The job as it is, if it is done; else raises why it is not."""
    if job.state == "failed":
        raise JobFailed(job.reason or "it failed")
    if job.state != "done":
        raise Conflict(f"the job was {job.state}" + (f": {job.reason}" if job.reason else ""))
    return job


def keeper(request: Request) -> Caller:
    """Who asks, if they may change what all users share; else Forbidden."""
    caller = caller_of(request)
    if caller.sees is not None:
        raise Forbidden("this concerns all users: only the key in SFUMATO_KEY may do it, or the server's own machine")
    return caller


def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found."""
    return request.state.caller
