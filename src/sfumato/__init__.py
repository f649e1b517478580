"""Sfumato: a self-hosted studio for AI pictures.

from sfumato import Studio
Studio().paint("a red apple", n=4)[0].save("apple.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfumato.core.order import Order
    from sfumato.core.picture import Picture
    from sfumato.core.recipe import Recipe
    from sfumato.settings import Settings
    from sfumato.studio import Studio

__all__ = ["Order", "Picture", "Recipe", "Settings", "Studio"]
__version__ = "0.1.0"

_HOMES = {
    "Order": "core.order",
    "Picture": "core.picture",
    "Recipe": "core.recipe",
    "Settings": "settings",
    "Studio": "studio",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that the command line starts quickly."""
    if name in _HOMES:
        return getattr(import_module(f"sfumato.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'sfumato' has no attribute {name!r}")
