"""What networks beside a model take of its device: ControlNets, and what reads reference pictures.

They come when a picture first wants them, after the model was placed; so they get what it left, and one that has no
room there waits in the computer's memory and is brought layer by layer.
"""

import weakref

from torch import nn


class Ledger:
    """Of one loaded model. told: lines for a person, of those that wait."""

    def __init__(self) -> None:
        self._there: list[tuple[weakref.ref[nn.Module], int]] = []
        self.told: list[str] = []

    @property
    def taken(self) -> int:
        """Bytes of the networks that are still there."""
        return sum(bytes for network, bytes in self._there if network() is not None)

    def has_room(self, network: nn.Module, name: str, left: float) -> bool:
        """Whether it goes into what the model left, bytes; it is counted then, else it is told that it waits."""
        bytes = bytes_of(network)
        if bytes <= left - self.taken:
            self._there.append((weakref.ref(network), bytes))
            return True
        free = max(left - self.taken, 0) / 1e9
        self.told.append(
            f"{name} takes {bytes / 1e9:.1f} GB and {free:.1f} are left beside the model: it waits in the computer's "
            "memory, so that every step is slower"
        )
        return False


def bytes_of(network: nn.Module) -> int:
    return sum(one.numel() * one.element_size() for one in (*network.parameters(), *network.buffers()))
