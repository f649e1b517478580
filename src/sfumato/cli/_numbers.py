"""Options that are numbers; a wrong one is named in one line, as every wrong value is. Planning checks the ranges."""

from typing import Any

import typer

from sfumato.core.wording import shown


def whole(*names: str, help: str) -> Any:
    """A whole number of any size."""
    return typer.Option(*names, parser=_whole, metavar="INTEGER", help=help)


def number(*names: str, help: str) -> Any:
    """Any number, also nan and inf."""
    return typer.Option(*names, parser=_number, metavar="NUMBER", help=help)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # also raised beyond 4,300 digits
        raise typer.BadParameter(f"{shown(text)} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{shown(text)} is not a number") from None
