"""sfumato tidy: delete what nobody needs any more."""

from typing import Annotated

import typer

from sfumato.cli._numbers import number


def command(
    trash: Annotated[
        float | None, number("--trash", help="Also pictures that have been in the trash for so many days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
) -> None:
    """Delete uploads of a day ago or more that no recipe names, expired files, and with --trash old trash.

    A server does this by itself once an hour; the trash only where SFUMATO_TRASH_DAYS says after how many days.
    """
    from sfumato.studio import Studio

    found = Studio().tidy(trash_days=trash, look=dry_run)
    both = f"{found.pictures} from the trash, {found.uploads} uploads that no recipe names"
    if dry_run:
        print(f"would delete {both}")
    else:
        print(f"deleted {both}, {found.files} expired files: {found.bytes / 1e6:.1f} MB")
