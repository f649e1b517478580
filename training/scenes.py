"""Scenes: drawings put together by the hundred thousand, on the device that trains, each with words for it.

A drawing as it is or a little smaller and turned round, in another colour, on a coloured ground, two things beside or
above one another, two or three of a kind, a small thing and where it stands. `Author` decides what is to be seen and
what is said of it; `Easel` paints it, many at once. No scene shows a held-out drawing, nor a combination that is set
apart for evaluation (training/compositions.py).
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.captions import EVERYDAY, THINGS, article, captions, plural
from training.compositions import GROUND_COLOURS, set_apart
from training.data import COLOUR_WORD, COLOURS, Picture, colour_name, held_out
from training.loop import device

SAYINGS = 2  # captions that are written for a scene; each time it is shown, one of them is said
PLACES = {
    "at the top": (0.5, 0.25), "at the bottom": (0.5, 0.75), "on the left": (0.25, 0.5), "on the right": (0.75, 0.5),
    "in the top left": (0.27, 0.27), "in the top right": (0.73, 0.27),
    "in the bottom left": (0.27, 0.73), "in the bottom right": (0.73, 0.73),
}  # fmt: skip


WRITING = re.compile(r"\d|clock|medal|sign|book|calendar|chart|newspaper|ticket|pen|pencil")  # not to be mirrored


@dataclass
class Thing:
    """A drawing in a scene. scale: of the drawing's own size; at: where its middle comes, 0..1; None: as drawn."""

    drawing: int
    scale: float = 1.0
    at: tuple[float, float] | None = None
    mirrored: bool = False
    turn: float = 0.0  # of the hue, in degrees


@dataclass
class Scene:
    """What is to be seen, things from back to front, and what may be said of it."""

    things: list[Thing]
    said: list[str] = field(default_factory=list)
    ground: tuple[int, int, int] | None = None


# ---- painting


class Easel:
    """The drawings that may be learned from, on the device, and how to put them together.

    boxes: of each drawing the middle and the size of what is on it (x, y, width, height), 0..1.
    hues: of each drawing the hue that most of it has, degrees, or None. apart: what else is not to be shown.
    """

    def __init__(
        self, pixels: np.ndarray, rows: list[Picture], apart: Callable[[Picture], bool] = lambda _: False
    ) -> None:
        chosen = [i for i, r in enumerate(rows) if r.made in {"", "pixel"} and not held_out(r) and not apart(r)]
        self.rows = [rows[i] for i in chosen]
        self.pixels = torch.from_numpy(pixels[chosen]).to(device()).permute(0, 3, 1, 2).contiguous()
        boxes, hues = [], []
        for part in self.pixels.split(256):
            boxes.append(extents(part[:, 3] > 25))
            hues.append(main_hues(part.float() / 255))
        self.boxes = torch.cat(boxes).cpu().numpy()
        self.hues = [None if h < 0 else h for h in torch.cat(hues).tolist()]

    @torch.no_grad()
    def paint(self, scenes: list[Scene]) -> Tensor:
        """The scenes, float (n, 4, side, side) in -1..1, premultiplied."""
        side = self.pixels.shape[-1]
        page = torch.zeros(len(scenes), 4, side, side, device=self.pixels.device)
        for layer in range(max(len(scene.things) for scene in scenes)):
            having = [i for i, scene in enumerate(scenes) if len(scene.things) > layer]
            above = self._things([scenes[i].things[layer] for i in having])
            page[having] = above + page[having] * (1 - above[:, 3:])
        lies = [i for i, scene in enumerate(scenes) if scene.ground is not None]
        if lies:
            colours = torch.tensor([[*(scenes[i].ground or ()), 255] for i in lies], device=page.device) / 255
            page[lies] = page[lies] + colours[..., None, None] * (1 - page[lies][:, 3:])
        return page * 2 - 1

    def _things(self, things: list[Thing]) -> Tensor:
        """Each thing alone on a page: (n, 4, side, side) in 0..1."""
        drawn = self.pixels[[thing.drawing for thing in things]].float() / 255
        turned = [i for i, thing in enumerate(things) if thing.turn]
        if turned:
            drawn[turned] = turn_hues(drawn[turned], torch.tensor([things[i].turn for i in turned]).to(drawn.device))
        moves = torch.tensor([self._move(thing) for thing in things], dtype=torch.float32, device=drawn.device)
        grid = F.affine_grid(moves, list(drawn.shape), align_corners=False)
        out = torch.empty_like(drawn)
        small = torch.tensor([thing.scale < 0.6 for thing in things], device=drawn.device)
        for which, source in ((~small, drawn), (small, F.avg_pool2d(drawn, 2))):  # halved first, or fine lines break up
            if which.any():
                out[which] = F.grid_sample(source[which], grid[which], align_corners=False)
        return out.clamp(0, 1)

    def _move(self, thing: Thing) -> list[list[float]]:
        """From places on the page to places on the drawing, both -1..1, as affine_grid takes it."""
        x, y, *_ = (float(v) * 2 - 1 for v in self.boxes[thing.drawing])
        if thing.at is None:
            x, y, to_x, to_y = 0.0, 0.0, 0.0, 0.0
        else:
            to_x, to_y = (v * 2 - 1 for v in thing.at)
        across, down = (-1 if thing.mirrored else 1) / thing.scale, 1 / thing.scale
        return [[across, 0.0, x - across * to_x], [0.0, down, y - down * to_y]]


def extents(solid: Tensor) -> Tensor:
    """Middle and size of what is solid, as (n, 4) of x, y, width, height in 0..1; solid: (n, h, w), none empty."""
    found = []
    for there in (solid.any(1), solid.any(2)):
        there = there.float()
        first = there.argmax(1)
        last = there.shape[1] - there.flip(1).argmax(1)
        found.append(((first + last) / 2 / there.shape[1], (last - first) / there.shape[1]))
    (x, wide), (y, high) = found
    return torch.stack([x, y, wide, high], 1)


def hues_of(rgb: Tensor) -> Tensor:
    """Hue of colours (n, 3, ...), in sixths of the circle, (n, ...)."""
    r, g, b = rgb.unbind(1)
    top = rgb.amax(1)
    chroma = (top - rgb.amin(1)).clamp(min=1e-6)
    return torch.where(
        top == r, ((g - b) / chroma) % 6, torch.where(top == g, (b - r) / chroma + 2, (r - g) / chroma + 4)
    )


def turn_hues(pictures: Tensor, degrees: Tensor) -> Tensor:
    """Premultiplied pictures (n, 4, h, w) with every hue turned, lightness and transparency as they were."""
    rgb, alpha = pictures[:, :3], pictures[:, 3:]
    top = rgb.amax(1, keepdim=True)
    chroma = top - rgb.amin(1, keepdim=True)
    hue = (hues_of(rgb) + degrees[:, None, None] / 60)[:, None]
    k = (torch.tensor([5.0, 3.0, 1.0], device=rgb.device)[None, :, None, None] + hue) % 6
    return torch.cat([top - chroma * torch.minimum(k, 4 - k).clamp(0, 1), alpha], 1)


def main_hues(pictures: Tensor) -> Tensor:
    """The hue (degrees) that most of a picture's coloured area has, or -1; as training.data.dominant_hue finds it."""
    solid = pictures[:, 3] > 0.5
    rgb = pictures[:, :3] / pictures[:, 3:].clamp(min=1e-3)
    top, low = rgb.amax(1), rgb.amin(1)
    colourful = solid & (top - low > 0.25) & (top > 0.25)
    angle = hues_of(rgb) * (torch.pi / 3)
    count = colourful.sum((1, 2)).clamp(min=1)
    x, y = ((part * colourful).sum((1, 2)) / count for part in (angle.cos(), angle.sin()))
    clear = (colourful.sum((1, 2)) > 0.35 * solid.sum((1, 2))) & ((x**2 + y**2).sqrt() > 0.85)
    return torch.where(clear, torch.rad2deg(torch.atan2(y, x)) % 360, torch.full_like(x, -1.0))


# ---- deciding


class Author:
    """Thinks up scenes of an easel's drawings; the same seed, the same scenes."""

    def __init__(self, easel: Easel, seed: int) -> None:
        self.rows, self.boxes, self.hues, self.rng = easel.rows, easel.boxes, easel.hues, random.Random(seed)
        self.called: dict[int, tuple] = {}  # captions and their odds, of the drawings that were drawn so far
        self.everyone = Pool(range(len(self.rows)), [row.weight for row in self.rows])
        shaped = [i for i, r in enumerate(self.rows) if r.group in THINGS or r.weight == 1]
        self.shaped = self._pool(shaped)
        short = [i for i in shaped if len(self.rows[i].title) < 22 and " and " not in self.rows[i].title]
        self.short = self._pool(short)
        self.alike = {
            style: self._pool([i for i in short if self.rows[i].style == style])
            for style in {self.rows[i].style for i in short}
        }
        self.tinted = self._pool([i for i in range(len(self.rows)) if self._may_be_tinted(i)])
        self.ways = [
            (self.as_drawn, 38), (self.tinted_thing, 14), (self.on_ground, 8), (self.beside, 21), (self.above, 5),
            (self.several, 5), (self.placed, 5), (self.small, 4),
        ]  # fmt: skip

    def _pool(self, members: list[int]) -> "Pool":
        return Pool(members, [self.rows[i].weight for i in members])

    def scene(self) -> Scene:
        """One more scene; some ways turn out to be set apart, and another is thought of."""
        ways, odds = zip(*self.ways, strict=True)
        while True:
            (way,) = self.rng.choices(ways, odds)
            if (scene := way()) is not None:
                return scene

    # -- the ways

    def as_drawn(self) -> Scene:
        i = self.everyone.draw(self.rng)
        if i not in self.called:
            self.called[i] = tuple(zip(*captions(self.rows[i]), strict=True))
        texts, odds = self.called[i]
        said = [self._with_article(text) for text in self.rng.choices(texts, odds, k=SAYINGS)]
        return Scene([self._alone(i)], said)

    def tinted_thing(self) -> Scene | None:
        thing, name = self._tinted(self.tinted.draw(self.rng))
        if name is None:
            return None
        return Scene([thing], self._said(thing, lambda: self._with_article(name())))

    def on_ground(self) -> Scene | None:
        i = self.everyone.draw(self.rng)
        colour = self.rng.choice(list(GROUND_COLOURS))
        if set_apart(f"{self.rows[i].title} on {colour}"):
            return None
        thing, name = self._perhaps_tinted(i, 0.25)
        thing = self._within(thing, 0.5, 0.5, (room := self.rng.uniform(0.6, 0.9)), room)
        said = self._said(thing, lambda: f"{self._with_article(name(), 0.6)} on a {colour} background")
        return Scene([thing], said, GROUND_COLOURS[colour])

    def beside(self) -> Scene | None:
        """Two things of one hand, left and right."""
        two = self._two()
        if two is None:
            return None
        (left, one), (right, other) = two
        room, high = self.rng.uniform(0.4, 0.47), self.rng.uniform(0.6, 0.92)
        low = self.rng.uniform(0.45, 0.55)
        scene = [self._within(left, 0.26, low, room, high), self._within(right, 0.74, low, room, high)]

        def words() -> str:
            a, b = one(), other()
            form = self.rng.choices(
                ["{A} and {B}", "{a} and {b}", "{A} next to {B}", "{A} with {B}", "{A} to the left of {B}",
                 "{B} to the right of {A}"], [50, 25, 7, 4, 7, 7],
            )[0]  # fmt: skip
            return form.format(a=a, b=b, A=article(a), B=article(b))

        return Scene(scene, self._said(left, words))

    def above(self) -> Scene | None:
        """Two things of one hand, one over the other."""
        two = self._two()
        if two is None:
            return None
        (top, one), (under, other) = two
        room, wide = self.rng.uniform(0.4, 0.47), self.rng.uniform(0.6, 0.92)
        middle = self.rng.uniform(0.45, 0.55)
        scene = [self._within(top, middle, 0.26, wide, room), self._within(under, middle, 0.74, wide, room)]

        def words() -> str:
            a, b = article(one()), article(other())
            form = self.rng.choice(["{a} above {b}", "{b} below {a}", "{a} on top of {b}", "{b} under {a}"])
            return form.format(a=a, b=b)

        return Scene(scene, self._said(top, words))

    def several(self) -> Scene | None:
        """Two or three of one kind."""
        count = self.rng.choice([2, 2, 3])
        i = self.short.draw(self.rng)
        thing, name = self._perhaps_tinted(i, 0.3)
        room = {2: 0.47, 3: 0.45}[count]
        spots = {2: [(0.26, 0.5), (0.74, 0.5)], 3: [(0.27, 0.72), (0.73, 0.72), (0.5, 0.27)]}[count]
        if self.rng.random() < 0.25:
            room, spots = (0.31, [(0.17, 0.5), (0.5, 0.5), (0.83, 0.5)]) if count == 3 else (room, spots)
        things = [self._within(Thing(thing.drawing, turn=thing.turn), x, y, room, 0.8) for x, y in spots]
        number = {2: "two", 3: "three"}[count]
        return Scene(things, self._said(thing, lambda: f"{number} {plural(name())}"))

    def placed(self) -> Scene | None:
        where = self.rng.choice(list(PLACES))
        thing, name = self._perhaps_tinted(self.shaped.draw(self.rng), 0.3)
        room = self.rng.uniform(0.4, 0.5)
        thing = self._within(thing, *PLACES[where], room, room)
        return Scene([thing], self._said(thing, lambda: f"{self._with_article(name(), 0.6)} {where}"))

    def small(self) -> Scene | None:
        thing, name = self._perhaps_tinted(self.shaped.draw(self.rng), 0.3)
        room = self.rng.uniform(0.3, 0.5)
        thing = self._within(thing, 0.5, 0.5, room, room)
        return Scene(
            [thing], self._said(thing, lambda: self._with_article(f"{self.rng.choice(['small', 'tiny'])} {name()}"))
        )

    # -- things and their names

    def _alone(self, i: int) -> Thing:
        """As drawn; three times in ten a little smaller, three in ten the other way round if it has no writing."""
        if self.rng.random() < 0.7:
            return Thing(i, mirrored=self._mirrored(i))
        room = self.rng.uniform(0.75, 0.97)
        return self._within(Thing(i, mirrored=self._mirrored(i)), 0.5, 0.5, room, room)

    def _mirrored(self, i: int) -> bool:
        row = self.rows[i]
        return row.group in THINGS and not WRITING.search(row.title) and self.rng.random() < 0.3

    def _within(self, thing: Thing, x: float, y: float, wide: float, high: float) -> Thing:
        """The thing with its middle at (x, y), as large as fits into a room of that size, and no larger than drawn."""
        *_, own_wide, own_high = (float(v) for v in self.boxes[thing.drawing])
        scale = min(wide / own_wide, high / own_high, 1.0)
        return Thing(thing.drawing, scale, (x, y), thing.mirrored, thing.turn)

    def _name(self, title: str):
        """A way to say what a drawing shows: its title, or what people call it."""
        short = EVERYDAY.get(title, title)
        return lambda: short if self.rng.random() < 0.6 else title

    def _may_be_tinted(self, i: int) -> bool:
        row = self.rows[i]
        if self.hues[i] is None or row.made or not COLOUR_WORD.sub("", row.title).strip():
            return False
        return row.group not in {"people-body", "smileys-emotion", "symbols"} or "heart" in row.title

    def _tinted(self, i: int):
        """The drawing in a colour that is named, half of the time its own; no name where that is set apart."""
        hue = self.hues[i]
        assert hue is not None
        own = colour_name(hue)
        colour = own if self.rng.random() < 0.3 else self.rng.choice(list(COLOURS))
        bare = " ".join(COLOUR_WORD.sub("", self.rows[i].title).split())
        turn = 0.0 if colour == own else (COLOURS[colour] - hue) % 360
        if set_apart(f"{colour} {bare}"):
            return Thing(i), None
        name = self._name(bare)
        return Thing(i, mirrored=self._mirrored(i), turn=turn), lambda: f"{colour} {name()}"

    def _perhaps_tinted(self, i: int, share: float):
        if self.rng.random() < share and self._may_be_tinted(i):
            thing, name = self._tinted(i)
            if name is not None:
                return thing, name
        return Thing(i, mirrored=self._mirrored(i)), self._name(self.rows[i].title)

    def _two(self):
        """Two different things of one hand, each with a name; None if the two are set apart."""
        i = self.short.draw(self.rng)
        k = self.alike[self.rows[i].style].draw(self.rng)
        a, b = self.rows[i].title, self.rows[k].title
        if a == b or set_apart(f"{a} and {b}") or set_apart(f"{b} and {a}"):
            return None
        return self._perhaps_tinted(i, 0.3), self._perhaps_tinted(k, 0.3)

    # -- words

    def _with_article(self, text: str, share: float = 0.4) -> str:
        return article(text) if self.rng.random() < share and not text.startswith(("a ", "an ")) else text

    def _said(self, thing: Thing, words) -> list[str]:
        """Sayings, half of them with the style of the hand that drew this thing."""
        style = self.rows[thing.drawing].style
        return [words() + (f", {style} style" if self.rng.random() < 0.5 else "") for _ in range(SAYINGS)]


class Pool:
    """Numbers to draw from, each as often as it weighs."""

    def __init__(self, members, weights: list[float]) -> None:
        self.members, self.sums = list(members), list(accumulate(weights))

    def draw(self, rng: random.Random) -> int:
        return rng.choices(self.members, cum_weights=self.sums)[0]
