"""sfumato serve: the server, for programs and people on this machine, or with a key beyond it."""

from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond this machine there must be a key.")
    ] = "127.0.0.1",
    port: Annotated[int, whole(help="0 takes a free one.")] = 7860,
    workers: Annotated[int, whole(help="Processes that paint; each loads its own models.")] = 1,
    allow_host: Annotated[list[str] | None, typer.Option(help="A name this server goes by; again for more.")] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A site whose pages may use it, as https://a.b.")
    ] = None,
) -> None:
    """Serve pictures over HTTP: our own API, and those that programs for hosted services already speak.

    What it does goes to stderr, one JSON object a line. Ctrl-C gives back what is under way; the queue is kept.
    """
    from sfumato.core.ranges import checked_whole
    from sfumato.http.serve import serve
    from sfumato.settings import Settings

    settings = Settings()
    more = {
        "allow_hosts": (*settings.allow_hosts, *(allow_host or ())),
        "allow_origins": (*settings.allow_origins, *(allow_origin or ())),
    }
    checked_whole("port", port, 0, 65535)
    serve(settings.model_copy(update=more), host, port, workers=checked_whole("workers", workers, 0, 64))
