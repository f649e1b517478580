"""Scene: a thing that was cut out, before a ground that is painted for it.

The ground is painted by itself, as large as the picture; a shadow falls on it where the thing stands, and the thing
comes over both as it is. With `match` its light and colour are brought nearer to the ground's, by means and spreads as
Reinhard et al. 2001 do (Color transfer between images), in linear light.
"""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sfumato.core.canvas import Canvas, Ground, Pictures, Work
from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.ranges import checked
from sfumato.core.recipe import Recipe
from sfumato.finishing._near import widened
from sfumato.operations import Frame, Operation
from sfumato.operations._blend import spread
from sfumato.operations._windows import Window, started, uncut

SURE = 200  # alpha of painted colours that go on where there is nothing; at an edge they are mixed with none
RIM = 0.015  # of the picture's side, next to such an edge: often outlined
MATCH = Range(low=0, high=1, default=0)
FLAT = 0.16  # of the thing's height: the shadow it casts to the ground
CAST, CONTACT = 0.35, 0.55  # how dark that is, and the line where it stands
SOFT, TIGHT = 0.05, 0.012  # of the thing's longer side: how far they are blurred
FRAMED = 1.25  # times the picture's side: so much of what is painted leaves its frame outside
LEAST_SPREAD = 0.02  # of linear light; of a thing of one colour, the spread is not matched


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """Every pixel of the thing that is wholly opaque stays as it is, unless it is matched."""
    thing = pictures(str(recipe.start))
    window = Window.around(thing.size, recipe.painted_size)
    if recipe.window:
        window = Window.amid(thing.size, recipe.window)
    scene = opaque(uncut((yield Canvas(*recipe.painted_size)), window, thing.size))
    shadow = shadow_of(thing.getchannel("A"))
    scene = Image.composite(Image.new("RGBA", scene.size, "black"), scene, shadow)
    whole = Image.alpha_composite(scene, matched(thing, scene, recipe.match))
    whole.putalpha(255)
    return whole


def ground(recipe: Recipe, pictures: Pictures) -> Ground:
    thing = pictures(str(recipe.start))
    return Ground(thing, thing.getchannel("A").point([255] * 255 + [0]), edged=True)


def frame(order: Order, card: Card, pictures: Pictures) -> Frame:
    thing = started(order, pictures)
    least, most = thing.getchannel("A").getextrema()
    if least == 255 or most == 0:
        raise RequestError("a scene takes a thing that is cut out: see sfumato cutout")
    seen, window = thing.size, 0
    if card.sizes.shape == "square":  # such a model also frames what it paints
        seen, window = (max(thing.size), max(thing.size)), round(FRAMED * max(thing.size))
    match = checked("match", order.match, MATCH)
    warnings = ("with a match above 0, the thing's own colours change",) if match else ()
    return Frame(thing.size, seen, {"start": order.start, "match": match, "window": window}, warnings)


def opaque(painted: Image.Image) -> Image.Image:
    """A ground without holes: where a model painted nothing, or the rim of a thing, its colours go on."""
    alpha = np.asarray(painted.getchannel("A"))
    if alpha.min() == 255:
        return painted
    open = widened(alpha < SURE, max(1, round(RIM * min(painted.size))))
    if open.all():
        open = alpha < SURE
    ground = Image.new("RGBA", painted.size, "white")
    if not open.all():
        ground = spread(painted, Image.fromarray(np.where(open, np.uint8(255), np.uint8(0)), "L"))
    ground.putalpha(255)
    return ground


def shadow_of(alpha: Image.Image) -> Image.Image:
    """How dark the ground is, L: what stands on it, laid flat and soft, and a tight line where it touches."""
    left, top, right, bottom = alpha.getbbox() or (0, 0, 1, 1)
    width, height = right - left, bottom - top
    flat = max(1, round(FLAT * height))
    lying = alpha.crop((left, top, right, bottom)).resize((width, flat), Image.Resampling.BOX)
    cast, contact = Image.new("L", alpha.size), Image.new("L", alpha.size)
    cast.paste(lying, (left, bottom - round(0.7 * flat)))
    foot = max(1, flat // 4)
    contact.paste(alpha.crop((left, bottom - foot, right, bottom)), (left, bottom - foot + max(1, foot // 3)))
    longer = max(width, height)
    parts = [
        part.filter(ImageFilter.GaussianBlur(blur * longer)).point([round(dark * v) for v in range(256)])
        for part, blur, dark in ((cast, SOFT, CAST), (contact, TIGHT, CONTACT))
    ]
    return ImageChops.lighter(*parts)


def matched(thing: Image.Image, scene: Image.Image, match: float) -> Image.Image:
    """The thing with its light and colour so far brought to the scene's; at 0 it is the thing itself."""
    if match == 0:
        return thing
    own, other = (linear(np.asarray(image)[..., :3]) for image in (thing, scene))
    weight = np.asarray(thing.getchannel("A"), np.float32)[..., None] / 255
    mean = (own * weight).sum((0, 1)) / weight.sum()
    width = np.sqrt((((own - mean) ** 2) * weight).sum((0, 1)) / weight.sum())
    wider = np.where(width > LEAST_SPREAD, other.std((0, 1)) / np.maximum(width, LEAST_SPREAD), 1).clip(0.5, 2)
    moved = (own - mean) * wider + other.mean((0, 1))
    new = encoded(own + match * (moved - own))
    return Image.fromarray(np.dstack([new, np.asarray(thing)[..., 3]]), "RGBA")


def linear(srgb: np.ndarray) -> np.ndarray:
    """uint8 sRGB to linear light, float32, 0 to 1; IEC 61966-2-1."""
    unit = srgb.astype(np.float32) / 255
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def encoded(light: np.ndarray) -> np.ndarray:
    light = light.clip(0, 1)
    unit = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (unit * 255).round().astype(np.uint8)


PART = Operation(
    paint,
    takes=frozenset({"start", "match"}),
    needs=frozenset({"text-to-image"}),
    frame=frame,
    ground=ground,
    cut_out=True,
)
