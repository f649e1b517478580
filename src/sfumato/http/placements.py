"""What this machine has for models, and how it would have one and why; asked of a process of its own.

torch takes seconds to come, and keeps some hundred megabytes of the computer and of a GPU from then on. A server leaves
it to its workers; who asks for a model's card waits once, and what was said is remembered. Nobody else waits with them.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from sfumato.core.card import Card

PATIENCE = 60.0  # seconds
MACHINE = "sfumato.engine.families._diffusers.machine"
UNKNOWN = "not known: the process that looks at this machine gave no answer; sfumato models {} says why"

DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Where Linux has the GPUs that torch computes on."""


@dataclass(frozen=True)
class Memory:
    """bytes: of the GPU, or where there is none of the computer; None: not known. gpu: whether they are a GPU's."""

    bytes: int | None
    gpu: bool = False


class Placements:
    """environment: of the process. tell: of what torch does not compute; see Studio.told_place."""

    def __init__(self, environment: Mapping[str, str], tell: Callable[[str], str]):
        self._environment, self._tell = environment, tell
        self._said: dict[tuple[str, int], str] = {}
        self._asking = asyncio.Lock()
        self._memory: Memory | None = None

    async def memory(self) -> Memory:
        """What models have to fit in; asked of torch, once, where there may be a GPU."""
        async with self._asking:
            if self._memory is None and may_have_gpu() and (said := await self._said_by("-m", MACHINE)) is not None:
                self._memory = Memory(int(said["memory"]), bool(said["gpu"]))
            return self._memory or Memory(computer())

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
        said = await self._said_by("-m", "sfumato", "models", name, "--json")
        try:
            return None if said is None else str(said[0]["here"])
        except LookupError:
            return None

    async def _said_by(self, *words: str) -> Any:
        """The JSON that a process of Python says; None: it says none."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *words, env=dict(self._environment), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
            )
        except OSError:
            return None
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
            return json.loads(said)
        except (TimeoutError, ValueError):
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def may_have_gpu() -> bool:
    """Whether it is worth asking torch, which takes seconds."""
    there = sys.platform != "linux" or any(Path(driver).exists() for driver in DRIVERS)
    return there and find_spec("torch") is not None


def computer() -> int | None:
    """Bytes of the computer's memory, where the system says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
