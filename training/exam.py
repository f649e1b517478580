"""The questions that a model of Pocket's kind is asked, and how two judges answer them (see training.evaluate).

The judge of training.judge compares pictures with words, the simple one with drawings: the nearest in 16 x 16 pixels.
"""

import zlib
from collections.abc import Callable, Iterable
from itertools import permutations, product

import numpy as np

from training.captions import THINGS, captions
from training.compositions import GROUND_COLOURS, beside, on_ground, set_apart
from training.data import COLOUR_WORD, COLOURS, Picture, held_out
from training.judge import Judge, commonest, places, top
from training.measures import border, fitted, ground_colour, main_colour, parts, small

# One hand's drawings in three finishes: 16 x 16 pixels tell 9 of 10 by another.
COPIED = {"glossy", "3d", "simple flat"}


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

    def titles_in_styles(self, unseen: bool, skipped: int = 0) -> list[int]:
        """Drawings whose title and style are to be painted again: rows of the set. skipped: so many are passed over."""
        pool = self.unseen if unseen else self.seen
        asked = first_by_checksum(pool, skipped + self.n, lambda i: f"{self.rows[i].title}|{self.rows[i].style}")
        return asked[skipped:]

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
        return first_by_checksum(
            [q for q in asked if set_apart(" ".join(q)) and " ".join(q) not in self.captions], self.n, " ".join
        )

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
            [q for q in asked if set_apart(" on ".join(q)) and f"{q[0]} on a {q[1]} background" not in self.captions],
            self.n,
            " on ".join,
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
            [(a, b) for a, b in asked if set_apart(f"{a} and {b}") and not known & {f"{a} and {b}", f"{b} and {a}"}],
            self.n,
            " and ".join,
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
