"""How good a model of Pocket's kind is, as shipped: two sheets to look at, and figures that can be bad.

    OMP_WAIT_POLICY=PASSIVE python -m training.evaluate                      # Pocket, at its card's steps
    OMP_WAIT_POLICY=PASSIVE python -m training.evaluate --compare            # few steps against 28

Writes docs/pocket/sheet.png (fifty fixed prompts), new.png (forty that nobody drew) and figures.json,
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

--compare paints titles in styles (seen and held out, others than above) in 28, 16, 4, 2 and 1 steps, and gives each
figure as a share of that of the 28.
"""

import argparse
import hashlib
import json
import sys
import time
import warnings
import zlib
from collections.abc import Iterable
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.measuring import machine
from sfumato import Studio
from training.captions import article
from training.data import load
from training.exam import Exam
from training.judge import FOLDER, Judge
from training.measures import look, premultiplied, variety
from training.sheet import NEW, PROMPTS, sheet

DOCS = Path(__file__).parents[1] / "docs" / "pocket"
COMPARED = [("pocket", steps) for steps in (28, 16, 4, 2, 1)]


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
    asked = [i for unseen in (False, True) for i in exam.titles_in_styles(unseen, skipped=exam.n)]
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
    parser.add_argument("--compare", action="store_true", help="few steps against many, into compare.json; no sheets")
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
