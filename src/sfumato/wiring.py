"""From settings to objects: the only file that knows every real part."""

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from sfumato import catalog, exports
from sfumato.core.picture import Save
from sfumato.settings import Settings

if TYPE_CHECKING:
    from sfumato.engine.families import Model
    from sfumato.library import Library
    from sfumato.loras import Loras
    from sfumato.weights import Weights


class Parts:
    """What a studio works with; each part is made when first asked for."""

    def __init__(self, settings: Settings | None = None):
        self.settings = settings or Settings()
        self._models: dict[str, Model] = {}
        self._loading = threading.Lock()

    @property
    def save(self) -> Save:
        return exports.save

    @cached_property
    def library(self) -> "Library":
        from sfumato.library import Library

        return Library(self.settings.home)

    @cached_property
    def loras(self) -> "Loras":
        from sfumato.loras import Loras

        return Loras(self.settings.home / "loras")

    @cached_property
    def weights(self) -> "Weights":
        from sfumato.weights import Weights

        return Weights(self.settings.home / "weights")

    def model(self, name: str) -> "Model":
        """A model by name, loaded once."""
        from sfumato.engine.families import families

        with self._loading:
            if name not in self._models:
                card = catalog.card(name)
                self._models[name] = families[card.family](card, catalog.folder(name))
            return self._models[name]
