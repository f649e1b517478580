"""The crew of a door: workers in processes of their own, each supervised, and the hub that passes on what they tell."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from sfumato.http.hub import Hub
from sfumato.jobs.claims import Claims
from sfumato.settings import Settings
from sfumato.studio import Studio
from sfumato.worker.supervisor import Supervisor


class Crew:
    """Within `with`, so many workers paint what is queued. log: is told, by names, what operators want to know."""

    def __init__(self, studio: Studio, settings: Settings, workers: int, log: Callable[..., None]):
        self._studio, self._log = studio, log
        self.hub = Hub(studio.queue, self._send)
        environment = {**os.environ, **settings.environment()}
        self._supervisors = [Supervisor(self._bury, self._told, environment) for _ in range(workers)]

    def __enter__(self) -> Self:
        for supervisor in self._supervisors:
            supervisor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        """What is under way is given back, by all at once."""
        for supervisor in self._supervisors:
            supervisor.dismiss()
        for supervisor in self._supervisors:
            supervisor.stop()

    @property
    def alive(self) -> int:
        """Workers that run."""
        return sum(supervisor.pid is not None for supervisor in self._supervisors)

    @property
    def restarts(self) -> int:
        """How often a worker had to be begun again."""
        return sum(supervisor.restarts for supervisor in self._supervisors)

    def _send(self, **message: object) -> None:
        for supervisor in self._supervisors:
            supervisor.send(**message)

    def _told(self, message: dict[str, Any]) -> None:
        self.hub.told(message)
        if message["kind"] == "log":
            self._log(worker=message["text"], **({"job": message["of"]} if "of" in message else {}))

    def _bury(self, worker: str, why: str) -> None:
        Claims(self._studio.database, worker).bury(why)
