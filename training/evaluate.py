"""How good a model of Pocket's kind is, as shipped: two sheets to look at, and figures that can be bad.

    OMP_WAIT_POLICY=PASSIVE python -m training.evaluate                      # Pocket, at its card's steps
    OMP_WAIT_POLICY=PASSIVE python -m training.evaluate --model pocket-turbo
    OMP_WAIT_POLICY=PASSIVE python -m training.evaluate --compare            # the turbo's few steps against 28

Writes docs/pocket/sheet.png (fifty fixed prompts), new.png (forty that no training picture shows) and figures.json,
which also holds the figures of the weights before these; for other models than Pocket with the model's name at the end;
--compare writes compare.json. Needs the training set (training.data) and a judge (training.judge); pictures are painted
through the product.

Found: is what was asked for found in the painted picture, among 1,000 answers? top_1 and top_10 are the shares whose
right answer is the first, or among the first ten; chance is 0.001 and 0.010. Two judges answer, neither used in
training Pocket: `judge` (training/judge.py) compares with words, `simple` with drawings, by the nearest in 16 x 16
pixels. Neither has seen a held-out drawing. Every row has one of real drawings beside it, of held-out pairs in the
model's styles; it says how much the judges can see. It is no bound: makers differ, and who paints the commonest shape
of a thing is found more easily. (Held-out pairs are those whose drawing is in no other finish in the training set.)

- seen, held_out: a title in a style, the pair trained on or not; answers: the 1,000 titles drawn by the most hands.
  style: share whose style is the likest of all styles, the title being given.
- colours: "a blue giraffe", colour x thing that no training caption has. judge's answers: 1,000 such prompts, among
  them the asked thing in the other colours; so both must be right. simple is blind to hue and finds only the thing.
  colour: share of which the most coloured pixels have the asked colour, of seven.
- grounds: "a rocket on a white background" that no caption has. Both find the thing, cut out where it differs from the
  border. colour: share whose border is opaque and of the asked colour, of twelve.
- pairs: "an apple and a pear" that no caption has. The picture is cut at the emptiest column of its middle third, each
  part brought to full size. The place of a pair is that of the thing found worse, in the better of both orders: both
  must be found, each in a part of its own. Real: two drawings set side by side as in training.

Variety: mean difference (0..1) of 16 x 16 pixels between seeds of one prompt, beside that between different prompts. A
model that paints one picture a prompt has 0; one that does not read has the same between seeds as between prompts.

Look: broken: share of pictures that are empty, filled to the edge, or half transparent on more than 0.4 of their area.
half_transparent: share of pixels of alpha 0.1 to 0.9, at the model's own side. haze: share of pixels of alpha above
0.04 that lie further than a thirty-second of the side from anything solid. detail: mean difference (0..1) of
neighbouring pixels; below that of real drawings, pictures are blurred, which no judge here minds.

--compare paints the same titles in styles (seen and held out) by the turbo in 4, 2 and 1 steps and by Pocket in 28, and
gives each figure as a share of that of the 28. Pocket itself in so few steps stands beside: what it reaches already is
no merit of the turbo.
"""

import argparse
import hashlib
import json
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterable
from datetime import date
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

from benchmarks.measuring import machine
from sfumato import Studio
from training.captions import captions
from training.compositions import GROUND_COLOURS, beside, on_ground
from training.data import COLOUR_WORD, COLOURS, Picture, held_out, load
from training.judge import FOLDER, Judge, commonest, places, top
from training.sheet import NEW, PROMPTS, sheet

DOCS = Path(__file__).parents[1] / "docs" / "pocket"
COPIED = {
    "glossy",
    "3d",
    "simple flat",
}  # one hand's drawings in three finishes: 16 x 16 pixels tell 9 of 10 by another
COMPARED = [("pocket", 28), *((model, steps) for model in ("pocket-turbo", "pocket") for steps in (4, 2, 1))]
THINGS = {"animals-nature", "food-drink", "travel-places", "activities", "objects"}  # groups of things with a shape


# ---- pixels: uint8 premultiplied RGBA throughout


def premultiplied(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBa"))


def small(images: Iterable[np.ndarray]) -> np.ndarray:
    """Pictures to what the simple judge compares: float32 (n, 16, 16, 4) in 0..1."""
    shrunk_ones = [
        np.asarray(Image.fromarray(np.ascontiguousarray(i), "RGBa").resize((16, 16), Image.Resampling.BOX))
        for i in images
    ]
    return np.stack(shrunk_ones).astype(np.float32) / 255


def border(pixels: np.ndarray) -> np.ndarray:
    """The colour and alpha (0..255) of the picture's edge, a thirty-second of the side wide."""
    edge = max(1, len(pixels) // 32)
    inside = np.zeros(pixels.shape[:2], bool)
    inside[edge:-edge, edge:-edge] = True
    return np.median(pixels[~inside], axis=0)


def content(pixels: np.ndarray) -> np.ndarray:
    """Where (h, w) the picture differs from its edge."""
    return np.abs(pixels - border(pixels)).max(-1) > 48


def fitted(pixels: np.ndarray, side: int = 64) -> np.ndarray:
    """What differs from the picture's edge, brought to the size that drawings have, on the edge's colour."""
    found = content(pixels)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    out = np.empty((side, side, 4), np.uint8)
    out[:] = border(pixels).round()
    if len(rows) == 0:
        return out
    cut = Image.fromarray(np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]), "RGBa")
    scale = side * 15 / 16 / max(cut.size)
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    x, y = (side - size[0]) // 2, (side - size[1]) // 2
    filter = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    out[y : y + size[1], x : x + size[0]] = np.asarray(cut.resize(size, filter))
    return out


def parts(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture cut in two at the emptiest column of its middle third, each part fitted to full size."""
    wide, edge = pixels.shape[1], border(pixels)
    filled = content(pixels).sum(0)
    middle = np.arange(wide // 3, wide - wide // 3)
    emptiest = middle[filled[middle] == filled[middle].min()]
    at = int(emptiest[np.abs(emptiest - wide / 2).argmin()])
    left, right = pixels.copy(), pixels.copy()
    left[:, at:], right[:, :at] = edge, edge
    return fitted(left), fitted(right)


def main_colour(pixels: np.ndarray) -> str | None:
    """The colour word of most of the coloured pixels; None where under a twentieth of the shape is coloured."""
    rgb = pixels[pixels[..., 3] > 128][:, :3].astype(np.float32)
    high, low = rgb.max(-1, initial=0), rgb.min(-1, initial=255)
    coloured = (high - low > 64) & (high > 64)
    if len(rgb) == 0 or coloured.mean() < 0.05:
        return None
    hues = np.asarray(Image.fromarray(rgb[coloured][None].astype(np.uint8)).convert("HSV"))[0, :, 0] * (360 / 256)
    away = np.abs((hues[:, None] - np.array([*COLOURS.values()]) + 180) % 360 - 180)
    return [*COLOURS][np.bincount(away.argmin(1)).argmax()]


def ground_colour(pixels: np.ndarray) -> str | None:
    """The colour word of the picture's edge, the nearest of twelve; None where it is not opaque."""
    edge = border(pixels)
    if edge[3] < 200:
        return None
    return min(GROUND_COLOURS, key=lambda name: ((edge[:3] - GROUND_COLOURS[name]) ** 2).sum())


def variety(painted: np.ndarray) -> dict[str, float]:
    """Mean differences of pictures (prompts, seeds, h, w, 4): between seeds of a prompt, and between prompts."""
    prompts, seeds = painted.shape[:2]
    seen = small(painted.reshape(-1, *painted.shape[2:])).reshape(prompts, seeds, -1)
    of_seeds = [np.abs(seen[:, a] - seen[:, b]).mean() for a, b in combinations(range(seeds), 2)]
    of_prompts = [np.abs(seen[a] - seen[b]).mean() for a, b in combinations(range(prompts), 2)]
    return {
        "between_seeds": round(float(np.mean(of_seeds)), 4),
        "between_prompts": round(float(np.mean(of_prompts)), 4),
    }


def look(pictures: Iterable[np.ndarray]) -> dict[str, float]:
    """Means, as described above: broken pictures, half transparent pixels, haze, detail."""
    broken, half, hazy, detail = [], [], [], []
    for pixels in pictures:
        alpha = pixels[..., 3].astype(np.float32) / 255
        covered, between = (alpha > 0.5).mean(), ((alpha > 0.1) & (alpha < 0.9)).mean()
        broken.append(covered < 0.03 or covered > 0.97 or between > 0.4)
        half.append(between)
        solid = Image.fromarray(pixels[..., 3]).point(lambda a: 255 * (a > 127))
        solid = solid.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))  # without specks
        near = np.asarray(solid.filter(ImageFilter.MaxFilter(2 * max(1, len(pixels) // 32) + 1))) > 0
        hazy.append(((alpha > 0.04) & ~near).mean())
        fine = pixels.astype(np.float32) / 255
        detail.append(np.abs(np.diff(fine, axis=0)).mean() + np.abs(np.diff(fine, axis=1)).mean())
    return {
        "broken": round(float(np.mean(broken)), 3),
        "half_transparent": round(float(np.mean(half)), 4),
        "haze": round(float(np.mean(hazy)), 4),
        "detail": round(float(np.mean(detail)) / 2, 4),
    }


# ---- the simple judge


def nearest(found: np.ndarray, drawings: np.ndarray, of: np.ndarray, titles: int) -> np.ndarray:
    """Likeness (n, titles) of pictures to titles: that to the title's nearest drawing.

    found, drawings: (n, ...) of one shape; of: each drawing's title, a number.
    """
    a, b = found.reshape(len(found), -1), drawings.reshape(len(drawings), -1)
    distances = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    order = np.argsort(of, kind="stable")
    known, first = np.unique(of[order], return_index=True)
    likeness = np.full((len(found), titles), -np.inf, np.float32)
    likeness[:, known] = -np.minimum.reduceat(distances[:, order], first, axis=1)
    return likeness


def without_hue(seen: np.ndarray) -> np.ndarray:
    """What turning the hue leaves as it is: highest and lowest of red, green and blue, and alpha."""
    rgb = seen[..., :3]
    return np.stack([rgb.max(-1), rgb.min(-1), seen[..., 3]], -1)


def on_grounds(seen: np.ndarray, drawings: np.ndarray, edges: np.ndarray, of: np.ndarray, titles: int) -> np.ndarray:
    """As `nearest`, the drawings laid on the edge's colour (0..1) of each picture."""
    laid = (
        nearest(s[None], drawings + (1 - drawings[..., 3:]) * e, of, titles) for s, e in zip(seen, edges, strict=True)
    )
    return np.concatenate([*laid])


def pair_places(left: np.ndarray, right: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The place of the thing found worse, in the better order; left, right: likeness (n, titles) of the parts."""
    orders = [np.maximum(places(left, x), places(right, y)) for x, y in ((a, b), (b, a))]
    return np.minimum(*orders)


# ---- what is asked


def article(thing: str) -> str:
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def first_by_checksum(pool: Iterable, n: int, name: Callable[[object], str] = str) -> list:
    """n of the pool, the same ones wherever it is in; a pool that grows changes few of them."""
    return sorted(pool, key=lambda x: zlib.crc32(name(x).encode()))[:n]


def among(asked: list[str], others: Iterable[str], most: int = 1000) -> list[str]:
    """Answers to choose from: all that are asked for, filled up with others."""
    return [*dict.fromkeys([*asked, *others])][: max(most, len(set(asked)))]


class Exam:
    """The questions, what real drawings would get, and both judges' answers."""

    def __init__(self, judge: Judge, pixels: np.ndarray, rows: list[Picture], styles: Iterable[str], n: int):
        """styles: what the model knows, as its captions call them. n: pictures of each kind."""
        self.judge, self.pixels, self.rows, self.n = judge, pixels, rows, n
        self.titles = commonest(rows)
        self.number = {title: i for i, title in enumerate(self.titles)}
        self.captions = {text for row in rows for text, _ in captions(row)}
        self.styles = sorted({row.style for row in rows if row.made == ""})
        self.real = [i for i, row in enumerate(rows) if row.made == "" and row.weight == 1 and row.title in self.number]
        own = set(styles) - COPIED
        self.seen = [i for i in self.real if not held_out(rows[i]) and rows[i].style in set(styles)]
        self.unseen = [i for i in self.real if held_out(rows[i]) and rows[i].style in own]
        self.hued = [i for i, r in enumerate(rows) if r.made == "hue" and held_out(r) and r.style in own]
        known = [i for i in self.real if not held_out(rows[i])]
        self.of = np.array([self.number[rows[i].title] for i in known])
        self.drawings = small(pixels[known])
        self.fitted = small(fitted(p) for p in pixels[known])
        shaped = {rows[i].title for i in self.real if rows[i].group in THINGS}
        plain = [title for title in self.titles if len(title.split()) <= 2 and not COLOUR_WORD.search(title)]
        self.things = [title for title in plain if title in shaped]

    # -- a title in a style

    def titles_in_styles(self, unseen: bool) -> list[int]:
        """Drawings whose title and style are to be painted again: rows of the set."""
        pool = self.unseen if unseen else self.seen
        return first_by_checksum(pool, self.n, lambda i: f"{self.rows[i].title}|{self.rows[i].style}")

    def titled(self, pictures: np.ndarray, shown: list[int]) -> dict:
        """shown: of each picture, the row of a drawing with the title and style that it should have."""
        own = np.array([self.number[self.rows[i].title] for i in shown])
        said = [self.judge.texts([f"{title}, {style} style" for title in self.titles]) for style in self.styles]
        likeness = np.einsum("nv,stv->nst", self.judge.pictures(pictures), np.stack(said))
        style = np.array([self.styles.index(self.rows[i].style) for i in shown])
        each = np.arange(len(shown))
        simple = nearest(small(pictures), self.drawings, self.of, len(self.titles))
        return {
            "n": len(shown),
            "judge": top(places(likeness[each, style], own)),
            "simple": top(places(simple, own)),
            "style": round(float((likeness[each, :, own].argmax(1) == style).mean()), 3),
        }

    # -- a colour and a thing

    def colours(self) -> list[tuple[str, str]]:
        asked = product(COLOURS, self.things)
        return first_by_checksum([q for q in asked if " ".join(q) not in self.captions], self.n, " ".join)

    def coloured(self, pictures: np.ndarray, asked: list[tuple[str, str]]) -> dict:
        things = [*dict.fromkeys([*(thing for _, thing in asked), *self.things])]
        answers = among([" ".join(q) for q in asked], (f"{c} {t}" for t in things for c in COLOURS))
        own = np.array([answers.index(" ".join(q)) for q in asked])
        likeness = self.judge.pictures(pictures) @ self.judge.texts(answers).T
        simple = nearest(without_hue(small(pictures)), without_hue(self.drawings), self.of, len(self.titles))
        right = [main_colour(p) == colour for p, (colour, _) in zip(pictures, asked, strict=True)]
        return {
            "n": len(asked),
            "judge": top(places(likeness, own)),
            "simple": top(places(simple, np.array([self.number[thing] for _, thing in asked]))),
            "colour": round(float(np.mean(right)), 3),
        }

    def real_colours(self) -> tuple[np.ndarray, list[tuple[str, str]]]:
        """Recoloured drawings of held-out pairs, and what they show."""
        asked = {i: tuple(self.rows[i].title.split(" ", 1)) for i in self.hued}
        known = [i for i in self.hued if asked[i][1] in self.number]
        chosen = first_by_checksum(known, self.n, lambda i: " ".join(asked[i]))
        return self.pixels[chosen], [asked[i] for i in chosen]

    # -- a thing on a ground

    def grounds(self) -> list[tuple[str, str]]:
        asked = product(self.things, GROUND_COLOURS)
        return first_by_checksum(
            [q for q in asked if f"{q[0]} on a {q[1]} background" not in self.captions], self.n, " on ".join
        )

    def grounded(self, pictures: np.ndarray, asked: list[tuple[str, str]]) -> dict:
        cut = np.stack([fitted(p) for p in pictures])
        own = np.array([self.number[thing] for thing, _ in asked])
        likeness = self.judge.pictures(cut) @ self.judge.texts(self.titles).T
        edges = np.stack([border(p) for p in pictures]).astype(np.float32) / 255
        simple = on_grounds(small(cut), self.fitted, edges, self.of, len(self.titles))
        right = [ground_colour(p) == colour for p, (_, colour) in zip(pictures, asked, strict=True)]
        return {
            "n": len(asked),
            "judge": top(places(likeness, own)),
            "simple": top(places(simple, own)),
            "colour": round(float(np.mean(right)), 3),
        }

    def real_grounds(self) -> tuple[np.ndarray, list[tuple[str, str]]]:
        """Drawings of held-out pairs on a coloured ground, and what they show."""
        pool = [i for i in self.unseen if self.rows[i].title in self.things]
        chosen = first_by_checksum(pool, self.n, lambda i: self.rows[i].title)
        made = [on_ground(np.random.default_rng(i), (self.rows[i], self.pixels[i])) for i in chosen]
        named = [picture.title.removesuffix(" background").rpartition(" on a ") for picture, _ in made]
        return np.stack([pixels for _, pixels in made]), [(thing, colour) for thing, _, colour in named]

    # -- two things

    def pairs(self) -> list[tuple[str, str]]:
        """Each thing with the one that follows it by checksum, and so on with the next, until there are enough."""
        order = first_by_checksum(self.things, len(self.things))
        asked = ((a, b) for step in (1, 2, 3) for a, b in zip(order, order[step:], strict=False))
        known = self.captions
        return first_by_checksum(
            [(a, b) for a, b in asked if not known & {f"{a} and {b}", f"{b} and {a}"}], self.n, " and ".join
        )

    def paired(self, pictures: np.ndarray, asked: list[tuple[str, str]]) -> dict:
        halves = [np.stack(half) for half in zip(*(parts(p) for p in pictures), strict=True)]
        a, b = (np.array([self.number[q[k]] for q in asked]) for k in (0, 1))
        said = self.judge.texts(self.titles).T
        left, right = (self.judge.pictures(half) @ said for half in halves)
        edges = np.stack([border(p) for p in pictures]).astype(np.float32) / 255
        near_left, near_right = (
            on_grounds(small(half), self.fitted, edges, self.of, len(self.titles)) for half in halves
        )
        return {
            "n": len(asked),
            "judge": top(pair_places(left, right, a, b)),
            "simple": top(pair_places(near_left, near_right, a, b)),
        }

    def real_pairs(self) -> tuple[np.ndarray, list[tuple[str, str]]]:
        """Two drawings of held-out pairs of one style side by side, and what they show."""
        pool = [i for i in self.unseen if self.rows[i].title in self.things]
        same = [
            (i, k)
            for i, k in permutations(first_by_checksum(pool, len(pool), lambda i: self.rows[i].title), 2)
            if self.rows[i].style == self.rows[k].style and self.rows[i].title != self.rows[k].title
        ]
        chosen = first_by_checksum(same, self.n, lambda q: f"{self.rows[q[0]].title} {self.rows[q[1]].title}")
        drawn = [[(self.rows[i], self.pixels[i]) for i in pair] for pair in chosen]
        made = [beside(np.random.default_rng(0), *two)[1] for two in drawn]
        return np.stack(made), [(self.rows[i].title, self.rows[k].title) for i, k in chosen]


# ---- the painter


class Painter:
    """A model through the product; pictures at the side that it paints best."""

    def __init__(self, studio: Studio, model: str, steps: int | None):
        self.studio, self.card, self.steps = studio, studio.model(model), steps
        self.styles = {words: name for name, words in (self.card.styles.names if self.card.styles else {}).items()}
        self.count = 0

    def __call__(self, prompt: str, seed: int | None = None, style: str | None = None) -> np.ndarray:
        """style: its words, as in captions. Without a seed, one that is the prompt's own."""
        side = self.card.sizes.best
        seed = zlib.crc32(prompt.encode()) if seed is None else seed
        return premultiplied(
            self.paint(prompt, seed, style=self.styles[style] if style else None, width=side, height=side)
        )

    def delivered(self, prompt: str) -> np.ndarray:
        """As people get it, at the card's own size, seed 1."""
        return premultiplied(self.paint(prompt, 1))

    def paint(self, prompt: str, seed: int, **order) -> Image.Image:
        self.count += 1
        (picture,) = self.studio.paint(prompt, model=self.card.name, seed=seed, steps=self.steps, keep=False, **order)
        return picture.image


def examined(paint: Painter, exam: Exam) -> dict:
    """Every row of `found`, painted and real."""
    rows, found, pictures = exam.rows, {}, []
    for name, unseen in ("seen", False), ("held_out", True):
        asked = exam.titles_in_styles(unseen)
        made = np.stack([paint(rows[i].title, style=rows[i].style) for i in asked])
        found[name] = exam.titled(made, asked)
        pictures.append(made)
    real = exam.pixels[asked]
    found["real_held_out"] = exam.titled(real, asked)
    asked = exam.colours()
    found["colours"] = exam.coloured(np.stack([paint(article(" ".join(q))) for q in asked]), asked)
    found["real_colours"] = exam.coloured(*exam.real_colours())
    asked = exam.grounds()
    made = np.stack([paint(f"{article(thing)} on {article(colour)} background") for thing, colour in asked])
    found["grounds"] = exam.grounded(made, asked)
    found["real_grounds"] = exam.grounded(*exam.real_grounds())
    asked = exam.pairs()
    found["pairs"] = exam.paired(np.stack([paint(f"{article(a)} and {article(b)}") for a, b in asked]), asked)
    found["real_pairs"] = exam.paired(*exam.real_pairs())
    return {
        "found": found,
        "look": look(np.concatenate(pictures)),
        "real_look": look(at_side(real, paint.card.sizes.best)),
    }


def at_side(pixels: np.ndarray, side: int) -> list[np.ndarray]:
    return [np.asarray(Image.fromarray(p, "RGBa").resize((side, side), Image.Resampling.BOX)) for p in pixels]


def compared(studio: Studio, exam: Exam, of: Iterable[tuple[str, int]] = COMPARED) -> list[dict]:
    """Models and steps on the same prompts, seen and held-out pairs together; each also as a share of the first."""
    asked = [i for unseen in (False, True) for i in exam.titles_in_styles(unseen)]
    runs = []
    for model, steps in of:
        paint = Painter(studio, model, steps)
        made = np.stack([paint(exam.rows[i].title, style=exam.rows[i].style) for i in asked])
        run = {"model": model, "steps": steps, **exam.titled(made, asked), "look": look(made)}
        first = runs[0] if runs else run
        run["of_the_first"] = {
            f"{judge}_{place}": round(run[judge][place] / first[judge][place], 3) if first[judge][place] else None
            for judge, place in product(("judge", "simple"), ("top_1", "top_10"))
        }
        print(json.dumps(run), flush=True)
        runs.append(run)
    return runs


def before(former: dict | None, weights: str) -> dict | None:
    """The figures of the weights before these: the file's own, or those it kept if it is of these weights already."""
    if former is None or former.get("weights") == weights:
        return (former or {}).get("previous")
    return {key: value for key, value in former.items() if key != "previous"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--steps", type=int, help="other than the card's")
    parser.add_argument("--pictures", type=int, default=150, help="painted for each row; 150 say ± 0.04")
    parser.add_argument("--compare", action="store_true", help="the turbo against Pocket, into compare.json; no sheets")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # of the product, to people: that a prompt is long, and the like
    start, studio = time.time(), Studio()
    paint = Painter(studio, args.model, args.steps)
    exam = Exam(Judge.load(), *load(), paint.styles, args.pictures)
    about = {
        "date": str(date.today()),
        "machine": machine(),
        "command": " ".join(["python -m training.evaluate", *sys.argv[1:]]),
        "judge": hashlib.sha256((FOLDER / "judge.safetensors").read_bytes()).hexdigest()[:16],
        "answers": len(exam.titles),
    }
    if args.compare:
        figures = about | {"runs": compared(studio, exam), "seconds": round(time.time() - start)}
        (DOCS / "compare.json").write_text(json.dumps(figures, indent=1) + "\n")
        return

    ending = "" if args.model == "pocket" else f"-{args.model}"
    for name, prompts in ("sheet", PROMPTS), ("new", NEW):
        pictures = np.stack([paint.delivered(prompt) for prompt in prompts])
        sheet(pictures, prompts, columns=10).save(DOCS / f"{name}{ending}.png")
    figures = about | {
        "model": args.model,
        "weights": paint.card.weights,
        "steps": args.steps or int(paint.card.steps.default),
        "guidance": paint.card.guidance.default,
        "side": paint.card.sizes.best,
        "new_prompts_in_training": [p for p in NEW if {p, p.split(" ", 1)[1]} & exam.captions],
        **examined(paint, exam),
        "variety": variety(np.stack([[paint(p, seed) for seed in range(1, 5)] for p in PROMPTS[::5]])),
        "painted": paint.count,
        "seconds": round(time.time() - start),
    }
    exam.judge.words.keep()
    print(json.dumps(figures, indent=1))
    file = DOCS / f"figures{ending}.json"
    former = json.loads(file.read_text()) if file.exists() else None
    file.write_text(json.dumps(figures | {"previous": before(former, paint.card.weights)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
