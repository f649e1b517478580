"""A folder of parts, found by their file names.

`Registry(package, kind)` knows the names of its parts without importing one of them, so that `--help` is quick; a part
is imported when it is asked for by name. A part is a module that binds PART. Packages outside join through an entry
point of the group `sfumato.<folder>`, named as the part, whose object is the PART itself.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Generic, TypeVar

from sfumato.core.errors import UnknownName

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """Parts of one kind, by name; file `euler_ancestral.py` is the part `euler-ancestral`.

    package: the dotted name of the folder's package. kind: what a person calls such a part ("sampler").
    """

    def __init__(self, package: str, kind: str):
        self.package = package
        self.kind = kind

    @cached_property
    def _modules(self) -> dict[str, str]:
        folder = import_module(self.package)
        names = (m.name for m in iter_modules(folder.__path__) if not m.name.startswith("_"))
        return {name.replace("_", "-"): f"{self.package}.{name}" for name in sorted(names)}

    @cached_property
    def _outside(self) -> dict[str, EntryPoint]:
        return outside("sfumato." + self.package.rpartition(".")[2])

    def names(self) -> list[str]:
        """Every part's name, sorted; imports none of them."""
        return sorted({*self._modules, *self._outside})

    def __getitem__(self, name: str) -> Part:
        """The part; UnknownName says the nearest name there is."""
        if name in self._modules:
            return import_module(self._modules[name]).PART
        if name in self._outside:
            return self._outside[name].load()
        raise unknown(self.kind, name, self.names())

    def __iter__(self) -> Iterator[Part]:
        return (self[name] for name in self.names())


_all_outside = cache(entry_points)  # looks into every package that is installed, which may be hundreds


def outside(group: str) -> dict[str, EntryPoint]:
    """What other packages add under a group, by name."""
    return {point.name: point for point in _all_outside().select(group=group)}


MOST_NAMED = 20


def unknown(kind: str, name: str, known: list[str]) -> UnknownName:
    """The error for a name that is not among the known ones, with the nearest one if any is near."""
    near = get_close_matches(name.lower().replace("_", "-"), known, 1, cutoff=0.5)
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known[:MOST_NAMED])}{more}"
    return UnknownName(f"no {kind} named {name[:80]!r}; {hint}")
