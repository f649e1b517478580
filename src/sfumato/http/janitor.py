"""The janitor: tidies once an hour, so that a server which runs for years does not fill its disk with uploads."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from sfumato.core.errors import SfumatoError
from sfumato.studio import Studio

HOUR = 3600.0  # seconds
FIRST = 60.0  # seconds after the start: there is more to do then


class Janitor:
    """Runs as long as the server does. trash_days: None leaves the trash as it is."""

    def __init__(self, studio: Studio, trash_days: float | None, log: Callable[..., None]):
        self._studio, self._days, self._log = studio, trash_days, log

    async def run(self) -> None:
        """Tidy, and say so in the log where something was deleted."""
        pause = FIRST
        while True:
            await asyncio.sleep(pause)
            pause = HOUR
            with suppress(SfumatoError):  # a disk or a database is away: next time
                tidied = await asyncio.to_thread(self._studio.tidy, trash_days=self._days)
                if any(asdict(tidied).values()):
                    self._log(tidied=asdict(tidied))
