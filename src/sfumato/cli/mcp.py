"""sfumato mcp: tools for an assistant that starts this command itself."""

from typing import Annotated

from sfumato.cli._numbers import whole


def command(
    workers: Annotated[int, whole(help="Processes that paint; 0 where a server's worker does that.")] = 1,
) -> None:
    """Speak the Model Context Protocol on stdin and stdout: generate, edit, upscale, models, search, job, cancel.

    Name this command in the assistant's settings. `sfumato serve` speaks it too, at /mcp, behind its keys.
    """
    import asyncio

    from sfumato.core.packages import require
    from sfumato.core.ranges import checked_whole
    from sfumato.settings import Settings

    checked_whole("workers", workers, 0, 64)
    require("speaking with assistants", "mcp", "mcp")
    from sfumato.http.agents import stdio

    asyncio.run(stdio(Settings(), workers))
