"""SVG: a drawing as shapes of one colour each, sharp at any size; traced by vtracer, not painted anew.

A picture has thousands of colours, shapes want a few: so it is first brought to some colours, chosen from what is seen.
Shapes are whole or not there; wide half-transparent places (a shadow, a veil) are traced by themselves in steps of
opacity, and the soft pixels of an edge become the edge.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.errors import JobFailed, RequestError
from sfumato.core.packages import require
from sfumato.core.recipe import Recipe
from sfumato.exports import xmp
from sfumato.exports.marks import marks_of

FEWEST, MOST = 2, 256  # colours
SMALLEST, LARGEST = 512, 1024  # pixels on the longest side that are traced
MOST_TIMES = 4  # that a small picture is enlarged for that
LEARNED_FROM = 128  # pixels a side of the picture that colours are chosen from
WIDE = 5  # pixels; half-transparent places narrower than that are edges
OPACITIES = (0.2, 0.4, 0.6, 0.8)
SPECKLE = 4  # pixels a side of a shape that is too small to draw


def svg(
    image: Image.Image, *, colours: int = 32, recipe: Recipe | None = None, metadata: str = "full", ai_made: bool = True
) -> str:
    """An SVG document as large as the picture. image: RGBA, straight alpha, sRGB; colours: at most so many."""
    if not FEWEST <= colours <= MOST:
        raise RequestError(f"colours {colours} is not between {FEWEST} and {MOST}; 32 is usual")
    require("drawing shapes", "vtracer", "svg")
    traced = _sized(image.convert("RGBA"))
    alpha, painted = np.asarray(traced.getchannel("A")), _few_colours(traced, colours)
    half = (alpha >= 26) & (alpha < 230)
    wide = _filtered(_filtered(half, ImageFilter.MinFilter(WIDE)), ImageFilter.MaxFilter(WIDE)) & half
    layers = [_shapes(painted, (alpha >= 128) & ~wide, 1)]
    layers += [_shapes(painted, wide & (np.abs(alpha / 255 - opacity) <= 0.1), opacity) for opacity in OPACITIES]
    marks = marks_of(recipe, metadata, ai_made=ai_made)
    about = f"<metadata>{xmp.packet(marks.recipe).decode()}</metadata>\n" if marks.ai_made else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{image.width}" height="{image.height}" '
        f'viewBox="1 1 {traced.width} {traced.height}">\n{about}{"".join(layers)}</svg>\n'
    )


def _sized(image: Image.Image) -> Image.Image:
    """Large enough for round edges, small enough to be traced soon."""
    long = max(image.size)
    scale = LARGEST / long if long > LARGEST else min(max(1, -(-SMALLEST // long)), MOST_TIMES)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    how = Image.Resampling.LANCZOS if scale > 1 else Image.Resampling.BOX
    return image if scale == 1 else image.convert("RGBa").resize(size, how).convert("RGBA")


def _few_colours(image: Image.Image, colours: int) -> np.ndarray:
    """The picture in few colours, uint8 (height, width, 3); none is spent on what nobody sees."""
    small = image.copy()
    small.thumbnail((LEARNED_FROM, LEARNED_FROM), Image.Resampling.NEAREST)
    pixels = np.asarray(small)
    seen = pixels[pixels[..., 3] >= 26][:, :3]
    if not len(seen):
        raise RequestError("the picture is wholly transparent: there are no shapes in it")
    chosen = Image.fromarray(seen[None]).quantize(
        colours, method=Image.Quantize.MEDIANCUT, kmeans=4, dither=Image.Dither.NONE
    )
    few = image.convert("RGB").quantize(palette=chosen, dither=Image.Dither.NONE)
    return np.asarray(few.convert("RGB"))


def _shapes(painted: np.ndarray, where: np.ndarray, opacity: float) -> str:
    """The shapes of one layer; a frame of nothing is around it, which tells vtracer that nothing is no colour."""
    if not where.any():
        return ""
    import vtracer

    framed = np.pad(np.dstack([painted, where.view(np.uint8) * np.uint8(255)]), ((1, 1), (1, 1), (0, 0)))
    out = io.BytesIO()
    Image.fromarray(framed, "RGBA").save(out, "PNG", compress_level=1)
    try:
        document = vtracer.convert_raw_image_to_svg(
            out.getvalue(), "png", colormode="color", hierarchical="stacked", mode="spline", filter_speckle=SPECKLE,
            color_precision=8, layer_difference=0, path_precision=1,
        )  # fmt: skip
    except BaseException as error:  # vtracer's panics are no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        raise JobFailed(f"vtracer could not trace this picture ({error})") from error
    paths = document[document.find("<path") : document.rfind("</svg>")] if "<path" in document else ""
    return paths if opacity == 1 else f'<g opacity="{opacity}">\n{paths}</g>\n'


def _filtered(flags: np.ndarray, how: ImageFilter.Filter) -> np.ndarray:
    return np.asarray(Image.fromarray(flags.view(np.uint8) * np.uint8(255), "L").filter(how)) > 0
