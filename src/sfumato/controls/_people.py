"""People in a picture: the joints of their bodies and hands.

BlazePose, Bazarevsky et al. 2020, https://arxiv.org/abs/2006.10204, and MediaPipe Hands, Zhang et al. 2020,
https://arxiv.org/abs/2006.10214. One network finds people, each by the middle of the hips and a point that says how
large the body is and how it leans; another sees that body upright in a square and says where its 33 points are. The
squares of the hands follow from the arms; a small network lays them better, and the last finds 21 points.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from PIL import Image

Look = Callable[[np.ndarray], list[np.ndarray]]
"""A network: a picture, float32 (side, side, 3), to its answers."""

DETECTOR, BODY = "pose_detection.tflite", "pose_landmark_full.tflite"
PALM, HAND = "hand_recrop.tflite", "hand_landmark_full.tflite"
FILES = (DETECTOR, BODY, PALM, HAND)
SIDES = {DETECTOR: 224, BODY: 256, PALM: 256, HAND: 224}
"""Pixels of the square that each network sees."""

MOST_PEOPLE = 8
SURE = 0.5  # of the networks' answers, that there is a person, a body, a hand
SEEN = 0.5  # of the answer that a point is in sight
SAME = 0.3  # overlap of boxes that are taken to be of one person
HEAD = 0.06  # of a body's square: heads nearer than that are one
ROOM_BODY, ROOM_PALM = 1.25, 2.7  # times the size that points say
TOWARDS_FINGERS = 0.1  # of a hand's square
FACE = 11  # of a body's points, the first
LEFT, RIGHT = (15, 19, 17), (16, 20, 18)
"""Of a hand among a body's points: wrist, forefinger, little finger."""


@dataclass(frozen=True)
class Square:
    """A part of a picture, perhaps turned. x, y: its middle; side: all in pixels. turn: radians, clockwise."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def back(self, points: np.ndarray) -> np.ndarray:
        """Points in it, 0 to 1, shape (..., 2), as pixels of the picture."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return (points - 0.5) * self.side @ np.array([[cos, sin], [-sin, cos]]) + (self.x, self.y)

    def moved(self, up: float) -> "Square":
        """As much of its side further up, as it is turned."""
        (x, y), *_ = self.back(np.array([[0.5, 0.5 - up]]))
        return replace(self, x=float(x), y=float(y))

    def cut(self, image: Image.Image, side: int) -> np.ndarray:
        """What it shows of an RGB picture: float32 (side, side, 3), 0 to 1; black beyond the picture."""
        smaller = max(1, int(self.side / side))
        reach = self.side * math.hypot(0.5, 0.5)
        left, top = max(0, int(self.x - reach)), max(0, int(self.y - reach))
        right, bottom = min(image.width, int(self.x + reach) + 1), min(image.height, int(self.y + reach) + 1)
        if right <= left or bottom <= top:
            return np.zeros((side, side, 3), np.float32)
        image, step = image.reduce(smaller, (left, top, right, bottom)), self.side / side / smaller
        cos, sin, half = step * math.cos(self.turn), step * math.sin(self.turn), side / 2
        x, y = (self.x - left) / smaller, (self.y - top) / smaller
        places = (cos, -sin, x - half * (cos - sin), sin, cos, y - half * (sin + cos))
        part = image.transform((side, side), Image.Transform.AFFINE, places, Image.Resampling.BILINEAR)
        return np.asarray(part, np.float32) / 255


@dataclass(frozen=True)
class Person:
    """body: (33, 3), x, y in pixels and how surely it is in sight. left, right: hands, (21, 2) pixels, or None."""

    body: np.ndarray
    left: np.ndarray | None
    right: np.ndarray | None


def people(image: Image.Image, networks: Mapping[str, Look]) -> list[Person]:
    """Everybody who is found in an RGB picture, the surest first. networks: by the names of FILES."""
    bodies: list[np.ndarray] = []
    for square in found_by(networks[DETECTOR], image):
        rough = body_in(square, image, networks[BODY])
        found = None if rough is None else body_in(rough[1], image, networks[BODY])
        if found is not None and not any(same_body(found[0], other, found[1]) for other in bodies):
            bodies.append(found[0])
        if len(bodies) == MOST_PEOPLE:
            break
    return [Person(body, *(hand_of(body, points, image, networks) for points in (LEFT, RIGHT))) for body in bodies]


def found_by(look: Look, image: Image.Image) -> Iterator[Square]:
    """The square of each person, the surest first: looked for in the whole picture, and nearer by in its parts."""
    seen = [answers(look, image, window) for window in windows(image.size)]
    sure, boxes, points = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    left = np.argsort(-sure, kind="stable")
    while len(left):
        near = overlap(boxes[left[0]], boxes[left]) > SAME
        one = left[near]
        middle, top = np.average(points[one], axis=0, weights=sure[one])
        yield upright(middle, top, ROOM_BODY)
        left = left[~near]


def windows(size: tuple[int, int]) -> list[Square]:
    """The whole of a picture, and where nearer by there is more to see, nine overlapping squares of half its side."""
    long = max(size)
    if long < 2 * SIDES[DETECTOR]:
        return [Square(size[0] / 2, size[1] / 2, long)]
    xs, ys = (np.linspace(long / 4, side - long / 4, 3) if side > long / 2 else [side / 2] for side in size)
    return [Square(size[0] / 2, size[1] / 2, long), *(Square(x, y, long / 2) for y, x in product(ys, xs))]


def answers(look: Look, image: Image.Image, window: Square) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the detector is sure of in a window: how sure (n), boxes (n, 2, 2) of middle and size, points (n, 2, 2)."""
    places, scores = look(window.cut(image, SIDES[DETECTOR]) * 2 - 1)
    sure = 1 / (1 + np.exp(-scores[:, 0].clip(-80, 80)))
    at = np.flatnonzero(sure > SURE)
    places = places[at].reshape(-1, 6, 2) / SIDES[DETECTOR]
    points = window.back(places[:, [0, 2, 3]] + anchors()[at][:, None])  # of two more nothing is asked
    boxes = np.stack([points[:, 0], places[:, 1] * window.side], 1)
    return sure[at], boxes, points[:, 1:]


@cache
def anchors() -> np.ndarray:
    """Where the detector's 2254 answers stand, (2254, 2), 0 to 1: grids, of two answers at each place and of six."""
    grids = []
    for cells, times in ((28, 2), (14, 2), (7, 6)):
        middles = (np.arange(cells) + 0.5) / cells
        grids.append([(x, y) for y, x in product(middles, middles) for _ in range(times)])
    return np.concatenate(grids).astype(np.float32)


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Shared part of what two boxes cover. Each: rows of middle and size, more rows are not looked at."""
    low, high = box[0] - box[1] / 2, box[0] + box[1] / 2
    lows, highs = others[:, 0] - others[:, 1] / 2, others[:, 0] + others[:, 1] / 2
    shared = (np.minimum(high, highs) - np.maximum(low, lows)).clip(0).prod(-1)
    return shared / (box[1].prod() + others[:, 1].prod(-1) - shared).clip(1e-9)


def upright(middle: np.ndarray, top: np.ndarray, room: float) -> Square:
    """The square around one point that is turned so that another lies above, half a side away, times room."""
    across, down = top - middle
    return Square(
        float(middle[0]), float(middle[1]), 2 * math.hypot(across, down) * room, math.atan2(down, across) + math.pi / 2
    )


def body_in(square: Square, image: Image.Image, look: Look) -> tuple[np.ndarray, Square] | None:
    """See Person.body, and the square that it fits into best; None where there is no body."""
    said, flag, *_ = look(square.cut(image, SIDES[BODY]))
    if flag[0] < SURE:
        return None
    points = said.reshape(-1, 5)
    places = square.back(points[:, :2] / SIDES[BODY])
    middle, top = places[33], places[34]
    seen = 1 / (1 + np.exp(-points[:33, 3:].clip(-80, 80))).min(1)
    return np.column_stack([places[:33], seen]), upright(middle, top, ROOM_BODY)


def same_body(body: np.ndarray, other: np.ndarray, square: Square) -> bool:
    """Whether they have the same head: bodies that stand close together do not."""
    return bool(np.hypot(*(body - other)[:FACE, :2].T).mean() < HEAD * square.side)


def hand_of(
    body: np.ndarray, points: tuple[int, int, int], image: Image.Image, networks: Mapping[str, Look]
) -> np.ndarray | None:
    """See Person.left; None where no hand is in sight."""
    wrist, forefinger, little = body[list(points), :2]
    if not in_sight(body[points[0]], image):
        return None
    middle = (2 * forefinger + little) / 3
    rough = upright(middle, middle + (middle - wrist), 1).moved(TOWARDS_FINGERS)
    rough = replace(rough, side=rough.side * ROOM_PALM)
    (said,) = networks[PALM](rough.cut(image, SIDES[PALM]))
    centre, below = rough.back(said.reshape(2, 2) / SIDES[PALM])
    square = upright(centre, 2 * centre - below, 1).moved(TOWARDS_FINGERS)
    found, flag, *_ = networks[HAND](square.cut(image, SIDES[HAND]))
    return None if flag[0] < SURE else square.back(found.reshape(-1, 3)[:, :2] / SIDES[HAND])


def in_sight(point: np.ndarray, image: Image.Image) -> bool:
    """Whether a body's point lies in the picture, and is seen there."""
    x, y, seen = point
    return bool(seen > SEEN and 0 <= x < image.width and 0 <= y < image.height)
