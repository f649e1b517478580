"""The prompts that every version of Pocket is looked at with, and the sheet that shows them."""

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

# What people type, and nobody drew: a thing in a colour that nobody gave it, on a ground, with another thing, in a
# style that its makers did not draw it in; a thing that is in no set. Scenes of training may put such things together.
NEW = [
    "a red penguin", "a green elephant", "a purple carrot", "a blue giraffe", "a pink cloud", "a blue rose",
    "a yellow bicycle", "a red owl", "a pink rocket, 3d style", "a green robot, cartoon style",
    "a red camera, flat style", "a purple castle, emoji style", "a blue snowman, blob style",
    "a pink bus, simple flat style", "a yellow rabbit, glossy style", "a green heart on a yellow background",
    "a blue banana on a yellow background", "a red rose on a white background", "a rocket on a white background",
    "a cactus on a pink background", "an owl on a light blue background, glossy style",
    "a red cat on a green background", "a guitar on a red background, 3d style", "an apple and a pear",
    "a cat and a guitar", "a sun and a tree", "a pizza and a cup of coffee", "a dog and a ball, cartoon style",
    "a red heart and a blue star", "a house and a car, icon style", "a bee and a flower, outline style", "a tiny house",
    "a small blue fish", "a purple pixel dragon", "a submarine, glyph style", "a windmill, outline style",
    "an octopus, hand-drawn style", "a lighthouse, 3d style", "a frog with a crown", "a red cat with a green hat",
]  # fmt: skip


def sheet(pictures: np.ndarray, titles: list[str], columns: int, side: int = 128) -> Image.Image:
    """Pictures (uint8 premultiplied RGBA, n x h x w x 4) on white, `side` pixels each, with their titles below."""
    font = ImageFont.load_default(12)
    lines = [wrapped(title, font, side + 4) for title in titles]
    high = side + 7 + 15 * max(text.count("\n") + 1 for text in lines)
    page = Image.new("RGB", (columns * (side + 8), -(-len(pictures) // columns) * high), "white")
    draw = ImageDraw.Draw(page)
    for i, (pixels, text) in enumerate(zip(pictures, lines, strict=True)):
        picture = Image.fromarray(np.ascontiguousarray(pixels), "RGBa").resize((side, side), Image.Resampling.BICUBIC)
        x, y = i % columns * (side + 8) + 4, i // columns * high + 4
        page.paste(picture.convert("RGBA"), (x, y), picture.convert("RGBA"))
        draw.multiline_text((x, y + side), text, fill="black", font=font, spacing=1)
    return page


def wrapped(title: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The title in lines no wider than `width` pixels, where its words allow."""
    lines = [""]
    for word in title.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
