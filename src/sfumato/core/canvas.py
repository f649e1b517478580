"""What an operation prepares for the engine: the size to paint at. Operations to come add what they start from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Canvas:
    """width, height: pixels that the model paints."""

    width: int
    height: int
