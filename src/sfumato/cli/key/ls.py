"""sfumato key ls: the keys there are."""

from datetime import datetime


def command() -> None:
    """List the keys, without their secrets."""
    from sfumato.cli import _tables
    from sfumato.studio import Studio

    rows = [
        [key.id, key.owner, _day(key.created), "revoked " + _day(key.revoked) if key.revoked else "holds"]
        for key in Studio().keys.all()
    ]
    _tables.print_table(["key", "user", "made", "state"], rows)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d")
