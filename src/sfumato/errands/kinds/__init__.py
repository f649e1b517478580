"""What errands there are, one file each. To add one, add a file with `PART = Kind(check, run)`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sfumato.core.registry import Registry
from sfumato.errands import Errand
from sfumato.studio import Studio

Told = Callable[[str, int, int], None]
"""Told while it goes on: what is being done, how much of it is, and of how much."""


@dataclass(frozen=True)
class Kind:
    """check: raises what cannot be, before it is accepted. run: does it, and says in a line what came of it.

    Both are given the errand's own folder, with the files that came with it.
    """

    check: Callable[[Studio, Errand, Path], None]
    run: Callable[[Studio, Errand, Path, Told], str]


kinds: Registry[Kind] = Registry(__name__, "errand")
