"""Step caches: ways to answer some looks of a painting by what earlier ones left, one file each.

To add one, add a module with `PART`, an object that has Cache's methods; a recipe names it in `cache_kind`. `share` is
a person's `--cache`, 0 to 1: 0 asks everything and is exact, 1 goes furthest. What a cache remembers is one painting's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sfumato.core.registry import Registry

if TYPE_CHECKING:  # the command line asks for names alone
    from sfumato.core.card import Card
    from sfumato.engine.painting import Guided, Painting

USUAL = "answers"


class Cache(Protocol):
    """Wraps a painting's looks, or the rows that a guidance makes of them; the other it hands on as it is."""

    def refuses(self, card: "Card") -> str:
        """Why it is not for a model, else nothing; words that follow on the model's name."""
        ...

    def painting(self, painting: "Painting", sigmas: Sequence[float], share: float) -> "Painting": ...

    def guided(self, guided: "Guided", share: float) -> "Guided": ...


caches: Registry[Cache] = Registry(__name__, "kind of cache")
