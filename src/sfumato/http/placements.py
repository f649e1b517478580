"""How this machine would have a model: in which numbers, where, and why; asked of a process of its own.

torch takes seconds to come, and keeps some hundred megabytes of the computer and of a GPU from then on. A server leaves
it to its workers; who asks for a model's card waits once, and what was said is remembered. Nobody else waits with them.
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool

from sfumato.core.card import Card

PATIENCE = 60.0  # seconds
UNKNOWN = "not known: the process that looks at this machine gave no answer; sfumato models {} says why"


class Placements:
    """environment: of the process. tell: of what torch does not compute; see Studio.told_place."""

    def __init__(self, environment: Mapping[str, str], tell: Callable[[str], str]):
        self._environment, self._tell = environment, tell
        self._said: dict[tuple[str, int], str] = {}
        self._asking = asyncio.Lock()

    async def of(self, card: Card, bytes: int) -> str:
        """One line. bytes: of the model's files that are here, which may have come since it was asked last."""
        if not card.of_torch:
            return await run_in_threadpool(self._tell, card.name)
        async with self._asking:  # one such process at a time
            known = card.name, bytes
            if known not in self._said and (line := await self._asked(card.name)) is not None:
                self._said[known] = line
            return self._said.get(known, UNKNOWN.format(card.name))

    async def _asked(self, name: str) -> str | None:
        words = [sys.executable, "-m", "sfumato", "models", name, "--json"]
        try:
            process = await asyncio.create_subprocess_exec(
                *words, env=dict(self._environment), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
            )
        except OSError:
            return None
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
            return str(json.loads(said)[0]["here"])
        except (TimeoutError, ValueError, LookupError):
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
