"""Tensors stored as int8 rows: `NAME.weight` beside `NAME.weight_scale`, what 1 of a row is worth.

A row is all that makes one number of what comes out: of a matrix, or of a convolution.
"""

from collections.abc import Mapping

import numpy as np

SCALE = "_scale"
GOLDEN = np.uint32(2654435769)  # 2^32 times the golden ratio's fraction: its multiples fall evenly


def whole(stored: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A stored tensor as fp32, int8 rows times their scales."""
    values = stored[name].astype(np.float32)
    return values * along_rows(stored[name + SCALE], values.ndim) if name + SCALE in stored else values


def along_rows(scale: np.ndarray, axes: int) -> np.ndarray:
    """One number a row, shaped to be multiplied with a tensor of so many axes."""
    return scale.reshape(-1, *[1] * (axes - 1))


def stored_like(stored: Mapping[str, np.ndarray], name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """fp32 values in the form that the tensor of this name is stored in, by name.

    Changed a little, stored values still lie near their grid, where plain rounding would swallow every change below
    half a step. So they are dithered: a value a tenth above a step is rounded up one time in ten, and a row's sum is
    right. A row's scale grows only where its values need it.
    """
    if name + SCALE not in stored:
        return {name: values.astype(stored[name].dtype)}
    scale = np.maximum(stored[name + SCALE], np.abs(values).max(1) / np.float32(127))
    turns = np.arange(values.size, dtype=np.uint32).reshape(values.shape) * GOLDEN >> 20  # 0 to 4095
    rounded = np.floor(values / scale[:, None] + (turns + np.float32(0.5)) / np.float32(4096))
    return {name: rounded.clip(-127, 127).astype(np.int8), name + SCALE: scale}
