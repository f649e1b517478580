"""People's poses as OpenPose draws them: sticks of body and hands in their colours, on black.

Found in a picture (`_people.py`), or given.

Cao et al. 2019, https://arxiv.org/abs/1812.08008. Drawn from OpenPose's own JSON: `people`, each with
`pose_keypoints_2d` (18 or 25 points) and perhaps `hand_left_keypoints_2d` and `hand_right_keypoints_2d` (21), all as
x, y, certainty; and `canvas_width` and `canvas_height`, pixels. A point of certainty 0 is not there.
"""

import colorsys
import math
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from sfumato.controls import Maker
from sfumato.controls._grey import on_white
from sfumato.core.errors import MissingWeights, RequestError
from sfumato.core.packages import require
from sfumato.weights import Weights

if TYPE_CHECKING:
    from sfumato.controls._people import Person

WEIGHTS = "pose"

Point = tuple[float, float] | None

LIMBS = [(1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
         (0, 14), (14, 16), (0, 15), (15, 17)]  # fmt: skip
OF_25 = [*range(8), *range(9, 19)]
"""The 18 points among OpenPose's 25, which have a middle of the hips and feet besides."""
FINGERS = [(at - 1 if at % 4 != 1 else 0, at) for at in range(1, 21)]
STICK, DIM = 4, 0.6  # half a limb's width at 512 pixels, and how bright it is
MOST_PEOPLE, LARGEST, FARTHEST = 32, 8192, 65536
OF_33 = [0, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7]
"""Those of BlazePose's points that OpenPose has too, in its order, without the neck, which is between the shoulders."""
NECK, SHOULDERS = 1, (12, 11)


def pose(image: Image.Image, weights: Weights) -> Image.Image:
    """Everybody in the picture."""
    return drawn(found(image, weights))


def found(image: Image.Image, weights: Weights) -> dict[str, Any]:
    """The people in a picture, as OpenPose's JSON has them; RequestError where there is nobody."""
    from sfumato.controls import _people, _tflite

    if not weights.has(WEIGHTS):
        raise MissingWeights(
            f"finding poses in pictures needs weights that are not here yet: sfumato pull {WEIGHTS}; or give the "
            f"skeleton as OpenPose's JSON, --control pose:skeleton.json, or drawn, --control pose:skeleton.png:ready"
        )
    require("finding poses in pictures", "LiteRT", "controls", module="ai_edge_litert")
    files = weights.find(WEIGHTS)
    networks = {name: _tflite.network(files[name]) for name in _people.FILES}
    people = _people.people(on_white(image), networks)
    if not people:
        raise RequestError("nobody is found in this picture: give one where a person is larger, or a skeleton")
    size = {"canvas_width": image.width, "canvas_height": image.height}
    return {"people": [written(one, image) for one in people], **size}


def written(person: "Person", image: Image.Image) -> dict[str, Any]:
    """A person in OpenPose's form; points out of sight are zeros."""
    from sfumato.controls._people import in_sight

    body = person.body
    points = [point if in_sight(point, image) else None for point in body[OF_33]]
    both = all(in_sight(body[shoulder], image) for shoulder in SHOULDERS)
    points.insert(NECK, body[list(SHOULDERS)].mean(0) if both else None)
    said = {"pose_keypoints_2d": flat(points)}
    hands = {"left": person.left, "right": person.right}
    return said | {
        f"hand_{side}_keypoints_2d": flat([(x, y, 1) for x, y in hand])
        for side, hand in hands.items()
        if hand is not None
    }


def flat(points: list[Any]) -> list[float]:
    """x, y, certainty of each, one after another."""
    return [round(float(n), 3) for point in points for n in (point if point is not None else (0, 0, 0))]


def drawn(said: Any) -> Image.Image:
    """RequestError says what of the JSON is not OpenPose's."""
    if not isinstance(said, dict) or not isinstance(people := said.get("people"), list):
        raise RequestError("the skeleton has no list `people`: give OpenPose's JSON")
    if len(people) > MOST_PEOPLE:
        raise RequestError(f"the skeleton has {len(people)} people, more than the {MOST_PEOPLE} that are drawn")
    size = tuple(said.get(f"canvas_{side}") for side in ("width", "height"))
    if not all(isinstance(side, int) and 1 <= side <= LARGEST for side in size):
        raise RequestError(f"the skeleton says no canvas_width and canvas_height of 1 to {LARGEST} pixels")
    image = Image.new("RGB", size)  # type: ignore[arg-type]
    for person in people:
        if not isinstance(person, dict):
            raise RequestError("a person of the skeleton is not an object: give OpenPose's JSON")
        _body(image, points(person, "pose_keypoints_2d", (18, 25)))
        for side in ("left", "right"):
            _hand(image, points(person, f"hand_{side}_keypoints_2d", (21,)))
    return image


def points(person: dict[str, Any], name: str, counts: tuple[int, ...]) -> list[Point]:
    """A person's points of a name, pixels; none where they are left out."""
    said = person.get(name) or []
    if not isinstance(said, list) or not all(isinstance(n, int | float) and abs(n) <= FARTHEST for n in said):
        raise RequestError(f"the skeleton's {name} is not a list of numbers of at most {FARTHEST}")
    if said and len(said) not in {3 * count for count in counts}:
        many = " or ".join(map(str, counts))
        raise RequestError(f"the skeleton's {name} has {len(said)} numbers: three for each of {many} points")
    triples = zip(said[::3], said[1::3], said[2::3], strict=True)
    return [(x, y) if certain > 0 else None for x, y, certain in triples]


def _body(image: Image.Image, body: list[Point]) -> None:
    body = [body[at] for at in OF_25] if len(body) == 25 else body
    draw, half = ImageDraw.Draw(image), STICK * max(1.0, max(image.size) / 512)
    ends = [(body[a], body[b]) for a, b in LIMBS] if body else []
    for number, (one, other) in enumerate(ends):
        if one and other:
            draw.polygon(_stick(one, other, half), fill=_colour(number, DIM))
    for number, point in enumerate(body):
        if point:
            _dot(draw, point, half, _colour(number))


def _hand(image: Image.Image, hand: list[Point]) -> None:
    draw, half = ImageDraw.Draw(image), STICK * max(1.0, max(image.size) / 512) / 2
    for number, (a, b) in enumerate(FINGERS if hand else []):
        if (one := hand[a]) and (other := hand[b]):
            red, green, blue = colorsys.hsv_to_rgb(number / len(FINGERS), 1, 1)
            draw.line([one, other], fill=(round(red * 255), round(green * 255), round(blue * 255)), width=round(half))
    for point in hand:
        if point:
            _dot(draw, point, half, (0, 0, 255))


def _stick(one: tuple[float, float], other: tuple[float, float], half: float) -> list[tuple[float, float]]:
    """An ellipse from one point to another."""
    (x, y), (u, v) = one, other
    turn, length = math.atan2(v - y, u - x), math.hypot(u - x, v - y) / 2
    around = [2 * math.pi * step / 36 for step in range(36)]
    flat = [(length * math.cos(angle), half * math.sin(angle)) for angle in around]
    cos, sin = math.cos(turn), math.sin(turn)
    return [((x + u) / 2 + a * cos - b * sin, (y + v) / 2 + a * sin + b * cos) for a, b in flat]


def _dot(draw: ImageDraw.ImageDraw, point: tuple[float, float], half: float, colour: tuple[int, int, int]) -> None:
    (x, y) = point
    draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def _colour(number: int, bright: float = 1.0) -> tuple[int, int, int]:
    """OpenPose's eighteen: once around the colours, from red."""
    steps = [(255, 85 * i, 0) for i in range(3)] + [(255 - 85 * i, 255, 0) for i in range(3)]
    steps += [(0, 255, 85 * i) for i in range(3)] + [(0, 255 - 85 * i, 255) for i in range(3)]
    steps += [(85 * i, 0, 255) for i in range(3)] + [(255, 0, 255 - 85 * i) for i in range(3)]
    red, green, blue = (int(part * bright) for part in steps[number])
    return red, green, blue


PART = Maker(pose, drawn, found)
