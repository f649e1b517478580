"""sfumato studio: the server, and the studio page in a browser."""

from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    port: Annotated[int, whole(help="Where on this machine.")] = 7860,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only serve; open the page yourself.")] = False,
) -> None:
    """Open the studio: paint, choose, edit and export in the browser, on this machine alone.

    The same page is at the root of sfumato serve, which can also be reached from elsewhere. Ctrl-C ends it; the queue
    is kept.
    """
    import threading

    from sfumato.core.ranges import checked_whole
    from sfumato.http.serve import serve
    from sfumato.settings import Settings

    address = f"http://127.0.0.1:{checked_whole('port', port, 1, 65535)}/"
    if not no_open:
        threading.Thread(target=_open, args=(address,), daemon=True).start()
    serve(Settings(), "127.0.0.1", port)


def _open(address: str) -> None:
    """Show the page as soon as the server answers."""
    import time
    import urllib.request
    from urllib.error import URLError

    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{address}health", timeout=5):
                typer.launch(address)
                return
        except URLError:
            time.sleep(0.2)
