"""Brightness, blur and slopes of a picture, in numpy."""

import numpy as np
from PIL import Image


def brightness(image: Image.Image) -> np.ndarray:
    """0 to 1, float32 (height, width), of the picture laid on white."""
    return np.asarray(on_white(image).convert("L"), np.float32) / 255


def on_white(image: Image.Image) -> Image.Image:
    """RGB; what is transparent is white."""
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")


def blurred(grey: np.ndarray, spread: float) -> np.ndarray:
    """By a Gaussian; spread: its standard deviation, pixels. Borders go on as they are."""
    reach = max(1, round(3 * spread))
    weights = np.exp(-(np.arange(-reach, reach + 1, dtype=np.float32) ** 2) / (2 * spread**2))
    weights /= weights.sum()
    for axis in (0, 1):
        beyond = [(reach, reach) if one == axis else (0, 0) for one in (0, 1)]
        padded, length = np.pad(grey, beyond, mode="edge"), grey.shape[axis]
        parts = (weight * padded.take(range(at, at + length), axis) for at, weight in enumerate(weights))
        grey = sum(parts, np.zeros_like(grey))
    return grey


def slopes(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(to the right, downwards), by Sobel's operator, so that black to white within a pixel is 4."""
    padded = np.pad(grey, 1, mode="edge")
    smooth_down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    smooth_across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return smooth_down[:, 2:] - smooth_down[:, :-2], smooth_across[2:] - smooth_across[:-2]


def shown(strength: np.ndarray) -> Image.Image:
    """0 to 1 as an RGB picture."""
    return Image.fromarray((strength.clip(0, 1) * 255).round().astype(np.uint8), "L").convert("RGB")
