"""How good Pocket is, as shipped: the prompt sheet to look at, and figures that can be bad.

    python -m training.evaluate                 # writes docs/pocket/sheet.png and docs/pocket/figures.json

- recognised: a painted picture's nearest real drawing (16 x 16 pixels of premultiplied RGBA, squared difference) has
  the prompt's title; among all titles of the training set, top-1 and top-10. Beside it the same for real drawings, each
  against all drawings of other styles: the ceiling of so simple a judge.
- held out: the same for style x title pairs that training never saw.
- variety: mean pixel difference between seeds of one prompt, beside that between different prompts.
- broken: share of pictures that are empty, filled to the edge, or half transparent all over.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import machine
from sfumato import Studio
from training.data import load
from training.flow import held_out
from training.sheet import PROMPTS, sheet

DOCS = Path(__file__).parents[1] / "docs" / "pocket"
STYLE_NAMES = {
    "flat": "flat",
    "emoji": "emoji",
    "simple flat": "simple",
    "3d": "3d",
    "cartoon": "cartoon",
    "icon": "icon",
}


def small(images: np.ndarray) -> np.ndarray:
    """uint8 (n, h, w, 4), premultiplied, to what the judge compares: float32 (n, 16 * 16 * 4) in 0..1."""
    shrunk = [
        np.asarray(Image.fromarray(np.ascontiguousarray(i), "RGBa").resize((16, 16), Image.Resampling.BOX))
        for i in images
    ]
    return np.stack(shrunk).reshape(len(images), -1).astype(np.float32) / 255


def premultiplied(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBa"))


def ranks(found: np.ndarray, titles: list[str], real: np.ndarray, names: np.ndarray, hide=None) -> np.ndarray:
    """At which place among all titles, 1 being nearest, each own title comes; hide: (n, drawings) left out."""
    places = []
    for i, title in enumerate(titles):
        distance = ((real - found[i]) ** 2).sum(1)
        if hide is not None:
            distance = np.where(hide[i], np.inf, distance)
        order = names[np.argsort(distance)]
        _, first = np.unique(order, return_index=True)
        by_nearness = order[np.sort(first)]
        places.append(int(np.flatnonzero(by_nearness == title)[0]) + 1 if title in by_nearness else len(by_nearness))
    return np.array(places)


def top(places: np.ndarray) -> dict[str, float]:
    return {
        "top_1": round(float((places == 1).mean()), 3),
        "top_10": round(float((places <= 10).mean()), 3),
        "n": len(places),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=150, help="painted for each figure")
    parser.add_argument("--steps", type=int, help="other than the card's")
    args = parser.parse_args()
    DOCS.mkdir(parents=True, exist_ok=True)
    studio = Studio()
    side = studio.model("pocket").sizes.best

    def paint(prompt: str, seed: int, style: str | None = None) -> np.ndarray:
        (picture,) = studio.paint(prompt, seed=seed, style=style, steps=args.steps, width=side, height=side, keep=False)
        return premultiplied(picture.image)

    delivered = [studio.paint(prompt, seed=1, steps=args.steps, keep=False)[0].image for prompt in PROMPTS]
    sheet(np.stack([premultiplied(image) for image in delivered]), PROMPTS, columns=10).save(DOCS / "sheet.png")
    painted = np.stack([paint(prompt, 1) for prompt in PROMPTS])

    pixels, rows = load()
    whole = [i for i, row in enumerate(rows) if row.hue is None and row.weight == 1.0]
    real = small(pixels[whole])
    names = np.array([rows[i].title for i in whole])
    styles = np.array([rows[i].style for i in whole])
    rng = np.random.default_rng(0)

    titles, counts = np.unique(names, return_counts=True)
    common = set(titles[counts >= 4])
    seen = [i for i in whole if not held_out(rows[i]) and rows[i].title in common]
    unseen = [i for i in whole if held_out(rows[i]) and rows[i].title in common]
    figures: dict[str, object] = {"date": str(date.today()), "machine": machine(), "titles": len(titles)}
    for label, pool in [("seen", seen), ("held_out", unseen)]:
        chosen = rng.choice(pool, min(args.pictures, len(pool)), replace=False)
        made = small(np.stack([paint(rows[i].title, int(i), STYLE_NAMES[rows[i].style]) for i in chosen]))
        figures[label] = top(ranks(made, [rows[i].title for i in chosen], real, names))
    chosen = rng.choice(seen, args.pictures, replace=False)
    hide = np.stack([styles == rows[i].style for i in chosen])
    figures["real_drawings"] = top(ranks(small(pixels[chosen]), [rows[i].title for i in chosen], real, names, hide))

    within = [
        np.abs(small(np.stack([paint(p, s) for s in (1, 2)]))[0] - small(painted[[k]])[0]).mean()
        for k, p in enumerate(PROMPTS[::5])
    ]
    across = np.abs(small(painted)[:, None] - small(painted)[None]).mean(-1)
    figures["variety"] = {
        "between_seeds": round(float(np.mean(within)), 4),
        "between_prompts": round(float(across[np.triu_indices(len(PROMPTS), 1)].mean()), 4),
    }
    alpha = painted[..., 3].astype(np.float32) / 255
    covered, half = (alpha > 0.5).mean((1, 2)), ((alpha > 0.1) & (alpha < 0.9)).mean((1, 2))
    figures["broken"] = round(float(((covered < 0.03) | (covered > 0.97) | (half > 0.4)).mean()), 3)
    figures["soft_edges"] = round(float(half.mean()), 4)
    print(json.dumps(figures, indent=1))
    (DOCS / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
