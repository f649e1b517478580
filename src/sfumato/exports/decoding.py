"""Pixels: any PNG, JPEG or WebP becomes what we work with: RGBA, 8 bits a channel, straight alpha, sRGB, upright.

Of 16 bits the upper 8 are taken; of a picture that moves, the first frame. A colour profile is converted to sRGB; one
that is broken, or made for another kind of picture, counts as not there, as in browsers. A camera's note on how it was
held is followed. Files come from strangers: only three decoders of Pillow may look at them, after the header was read
by ours, and within limits.
"""

import io
import warnings

from PIL import Image, ImageOps

from sfumato.core.errors import UnreadableFile
from sfumato.exports.colour import srgb_profile
from sfumato.exports.tags import Tags

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 30_000
FORMATS = ("PNG", "JPEG", "WEBP")


def check_size(tags: Tags) -> None:
    """UnreadableFile for more pixels than are unpacked, by what the header says."""
    if tags.pixels > MOST_PIXELS or tags.longest > LONGEST_SIDE:
        raise UnreadableFile(
            f"it says {tags.pixels / 1e6:.1f} megapixels, {tags.longest:,} on its longest side; at most "
            f"{MOST_PIXELS // 10**6} megapixels and {LONGEST_SIDE:,} a side are read: make it smaller"
        )


def decoded(data: bytes) -> tuple[Image.Image, str]:
    """The picture, and the format it was in, as Pillow names it; UnreadableFile if it is damaged."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            deep = any("16B" in str(tile.args) for tile in image.tile)
            image.load()
            if deep and isinstance(clear := image.info.get("transparency"), tuple):
                image.info["transparency"] = tuple(value >> 8 for value in clear)  # as Pillow took of the colours
            return _in_srgb(_upright(image)), image.format or ""
    except Exception as error:  # a damaged file makes Pillow's decoders raise almost anything
        raise UnreadableFile("its pixels are damaged; fetch or export it again") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF: as if there were none
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    if profile and profile != srgb_profile():  # ours changes nothing, not by one
        colours, alpha = _without_alpha(image)
        colours = _converted(colours, profile)
        image = colours.convert("RGBA")
        if alpha is not None:
            image.putalpha(alpha)
    image = image.convert("RGBA")
    image.info = {}
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits is all that Pillow leaves at 16."""
    if not image.mode.startswith("I"):
        return image
    import numpy as np

    values = np.asarray(image)
    grey = Image.fromarray((values >> 8).astype(np.uint8), "L")
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8), "L"))
    return grey


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours in a mode that a profile may be for, and alpha if there is any."""
    if image.mode in {"RGB", "L", "CMYK"} and "transparency" not in image.info:
        return image, None
    rgba = image.convert("RGBA")
    grey = image.mode in {"1", "L", "LA", "La"}
    return rgba.convert("L" if grey else "RGB"), rgba.getchannel("A")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    from PIL import ImageCms

    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
