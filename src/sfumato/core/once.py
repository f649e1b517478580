"""What is made when first asked for, and once: also where two threads ask at the same time."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sfumato.core.errors import SfumatoError

if TYPE_CHECKING:
    once = cached_property
else:

    class once(cached_property):
        """A cached_property that makes others wait; Python's own, from 3.12 on, lets each make one of its own."""

        def __init__(self, make: Any):
            super().__init__(make)
            self._making = threading.RLock()

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            with self._making:
                return super().__get__(instance, owner)


def beside(ask: Callable[[], object]) -> None:
    """Ask for something in a thread of its own, before it is needed. What goes wrong is told to who needs it."""

    def asked() -> None:
        with suppress(SfumatoError):
            ask()

    threading.Thread(target=asked, name="sfumato-beside").start()
