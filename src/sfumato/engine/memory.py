"""Memory of whatever device the loaded runtimes use: whether it ran out, how much there is, and giving it back.

torch is looked at only where somebody has loaded it already.
"""

import gc
import os
import sys
from typing import Any

CPU_RAN_OUT = "can't allocate memory"  # how torch says so on a processor


class RanOut(Exception):
    """Memory ran out while a model was loaded. needs: what it takes, in words."""

    def __init__(self, needs: str):
        super().__init__(f"it needs {needs}")
        self.needs = needs


def ran_out(error: BaseException) -> bool:
    """Whether an error says that there is no memory left."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, MemoryError | RanOut) or (isinstance(error, RuntimeError) and CPU_RAN_OUT in str(error))


def give_back() -> None:
    """What nobody holds any more, to the system; models hold themselves in a ring, so that takes a collection."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def there() -> float:
    """Bytes of the GPU's memory, or where there is none of the computer's."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return float(torch.cuda.get_device_properties(0).total_memory)
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return float("inf")
