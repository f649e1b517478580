"""sfumato worker: paint what is queued, without a server of its own."""

import secrets
import signal
import socket
import sys
from typing import Annotated

import typer


def command(
    name: Annotated[str | None, typer.Option(help="What it is called in the queue. (default: the machine's)")] = None,
    piped: Annotated[bool, typer.Option("--piped", hidden=True)] = False,
) -> None:
    """Paint the jobs of the queue until stopped; SFUMATO_DATABASE says which queue.

    `sfumato serve` has one of its own. On other machines, start more of them over the same PostgreSQL and home folder.
    """
    from sfumato.cli import _progress
    from sfumato.wiring import Parts
    from sfumato.worker.piped import Voice, listen

    name = name or f"{socket.gethostname()[:40]}-{secrets.token_hex(6)}"
    if piped:
        worker = Parts().worker(name, Voice())
        listen(worker, sys.stdin.buffer)
    else:
        worker = Parts().worker(name, lambda message: _progress.say(message["text"]) if "text" in message else None)
        _progress.say(f"{name} paints; stop it with Ctrl-C")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: worker.stop())
    worker.run()
