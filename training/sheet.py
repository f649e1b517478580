"""The fifty prompts that every version of Pocket is looked at with, and the sheet that shows them."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PROMPTS = [
    "red apple", "blue car", "green car", "yellow star", "purple heart", "red heart", "smiling face", "crying face",
    "face with sunglasses", "sun", "moon", "cloud", "cloud with rain", "snowflake", "fire", "tree", "palm tree",
    "cactus", "flower", "rose", "mushroom", "banana", "grapes", "watermelon", "pizza", "hamburger", "ice cream",
    "cup of coffee", "birthday cake", "cat", "dog", "rabbit", "fish", "whale", "butterfly", "bird", "snake",
    "house", "castle", "tent", "airplane", "rocket", "ship", "bicycle", "bus", "clock", "key", "gift", "balloon",
    "umbrella",
]  # fmt: skip


def sheet(pictures: np.ndarray, titles: list[str], columns: int, side: int = 128) -> Image.Image:
    """Pictures (uint8 premultiplied RGBA, n x h x w x 4) on white with their titles below, `side` pixels each."""
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (side + 8), rows * (side + 22)), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(12)
    for i, (pixels, title) in enumerate(zip(pictures, titles, strict=True)):
        picture = Image.fromarray(np.ascontiguousarray(pixels), "RGBa").resize((side, side), Image.Resampling.BICUBIC)
        x, y = i % columns * (side + 8) + 4, i // columns * (side + 22) + 4
        page.paste(picture.convert("RGBA"), (x, y), picture.convert("RGBA"))
        draw.text((x, y + side), title, fill="black", font=font)
    return page
