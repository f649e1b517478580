"""Packages that come with an extra, and what to say where one is not here."""

from importlib.util import find_spec

from sfumato.core.errors import MissingPackage


def require(what: str, package: str, extra: str, *, module: str | None = None) -> None:
    """MissingPackage if a package is not installed; imports nothing of it.

    what: needs it, as the words that begin the message. module: as it is imported, where that is another name.
    """
    if find_spec(module or package) is None:
        raise MissingPackage(f"{what} needs {package}: pip install 'sfumato[{extra}]'")
