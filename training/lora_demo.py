"""What LoRA is worth on Pocket: a style and a character that it never saw, learned from a few pictures and measured.

    OMP_WAIT_POLICY=PASSIVE python -m training.lora_demo     # about four minutes on two cores

The style is the green half of Streamline's stickies (CC BY 4.0), the character one of DiceBear's adventurers (Lisa
Wischofsky, CC BY 4.0) with many faces; Pocket learned from neither. Both are fetched with npm and pinned. Of each, 20
pictures are held back: what is painted without and with the LoRA is measured against these, beside other real pictures
of the same kind. Writes docs/pocket/lora.png and docs/pocket/lora.json, and prints the latter. Needs node.

- nearest: to the nearest held-back picture, root mean square over 16 x 16 pixels of premultiplied RGBA, the mean.
- own: to the held-back picture of the same title (the style only): whether it is still what was asked for.
- colours: half the absolute difference between the shares of 64 colours and of emptiness; 0 the same, 1 nothing alike.
- edges: the mean step from pixel to pixel, as a share of the held-back pictures'; 1 is as crisp.
- elsewhere: how far a picture that does not ask for it moves when the LoRA is on, as "nearest" measures.
"""

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import machine
from sfumato import Settings, Studio
from sfumato.tuning import Course
from training.data import CACHE, Source, archive, render
from training.sheet import sheet

DOCS = Path(__file__).parents[1] / "docs" / "pocket"
HELD_BACK, TAUGHT = 20, 40
STICKIES = Source(
    "@iconify-json/streamline-stickies-color", "1.2.2",
    "e96b8b2bbe1efde22272c420a75024b4b2c7e224ec1f323c93a421a07410971e", "CC-BY-4.0", "neon",
)  # fmt: skip
CORE = Source("@dicebear/core", "9.4.3", "6ca7dae651c74ad547e548fbe7c41f49aaa377cf4617259277518389bf6b1a3d", "MIT", "")
ADVENTURER = Source(
    "@dicebear/adventurer", "9.4.3",
    "6edeac04f94ef6177c946918dce012e530200dfcc274b4f954239e33ecbe590c", "(MIT AND CC-BY-4.0)", "pip",
)  # fmt: skip
ELSEWHERE = ["red apple", "a blue car", "cat, flat style", "a castle", "pizza, emoji style", "a green tree"]
NEW = ["cat", "red apple", "castle", "rocket", "umbrella", "fish", "tree", "house"]  # for the style, beside its own

CAST = """
import { createAvatar } from '@dicebear/core';
import * as adventurer from '@dicebear/adventurer';
const some = (part, i, step) => {
  const all = adventurer.schema.properties[part].items.enum;
  return [all[i * step % all.length]];
};
for (let i = 0; i < 60; i++) console.log(JSON.stringify(createAvatar(adventurer, {
  seed: 'pip', hair: ['long16'], hairColor: ['e5341d'], skinColor: ['f2d3b1'], earringsProbability: 0,
  featuresProbability: 0, glasses: ['variant02'], glassesProbability: i % 5 == 4 ? 100 : 0, flip: i % 2 == 1,
  eyes: some('eyes', i, 7), eyebrows: some('eyebrows', i, 4), mouth: some('mouth', i, 11)}).toString()));
"""


# ---- pictures: a title and premultiplied uint8 RGBA each


def stickies(side: int) -> list[tuple[str, np.ndarray]]:
    """The green drawings, in an order that chance made."""
    with tarfile.open(archive(STICKIES)) as tar:
        files = {name: json.load(tar.extractfile(f"package/{name}.json")) for name in ("icons", "info")}  # type: ignore[arg-type]
    held_to_licence(STICKIES, files["info"]["license"]["spdx"])
    book, found = files["icons"], {}
    for name, icon in book["icons"].items():
        title = re.sub(r"(-\d+)?-duo$", "", name).replace("-", " ")
        if name.endswith("-duo") and not icon.get("hidden"):
            wide, high = icon.get("width", book.get("width", 16)), icon.get("height", book.get("height", 16))
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">{icon["body"]}</svg>'
            found.setdefault(title, svg)
    order = np.random.default_rng(0).permutation(sorted(found))
    return [(title, drawn(found[title], side)) for title in order]


def faces(side: int) -> list[tuple[str, np.ndarray]]:
    """One character with many faces; every fifth wears glasses."""
    modules = CACHE / "lora" / "node_modules" / "@dicebear"
    for source in (CORE, ADVENTURER):
        folder = modules / source.package.rpartition("/")[2]
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive(source)) as tar:
            tar.extractall(folder, [m.replace(name=m.name.removeprefix("package/")) for m in tar], filter="data")
        held_to_licence(source, json.loads((folder / "package.json").read_text())["license"])
    (CACHE / "lora" / "cast.mjs").write_text(CAST)
    done = subprocess.run(["node", "cast.mjs"], cwd=CACHE / "lora", check=True, capture_output=True, text=True)
    drawings = [json.loads(line) for line in done.stdout.splitlines()]
    return [("glasses" if i % 5 == 4 else "", drawn(svg, side)) for i, svg in enumerate(drawings)]


def held_to_licence(source: Source, stated: str) -> None:
    if stated != source.licence:
        raise SystemExit(f"{source.package} is now under {stated}, not {source.licence}: decide again")


def drawn(svg: str, side: int) -> np.ndarray:
    pixels = render(svg.encode(), side)
    if pixels is None:
        raise SystemExit("a drawing cannot be drawn: has resvg changed?")
    return pixels


def write(pictures: Sequence[tuple[str, np.ndarray]], folder: Path) -> Path:
    """Files to learn from, whose names say what they show."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for i, (title, pixels) in enumerate(pictures):
        Image.fromarray(pixels, "RGBa").convert("RGBA").save(folder / f"{i:02d} {title}.png")
    return folder


# ---- measures: of premultiplied uint8 RGBA, n x h x w x 4


def seen(pictures: np.ndarray) -> np.ndarray:
    """float32 (n, 16 * 16 * 4) in 0..1."""
    small = [np.asarray(Image.fromarray(p, "RGBa").resize((16, 16), Image.Resampling.BOX)) for p in pictures]
    return np.stack(small).reshape(len(small), -1).astype(np.float32) / 255


def nearest(painted: np.ndarray, real: np.ndarray) -> float:
    apart = ((seen(painted)[:, None] - seen(real)[None]) ** 2).mean(-1) ** 0.5
    return float(apart.min(1).mean())


def apart(painted: np.ndarray, real: np.ndarray) -> float:
    """One by one."""
    return float((((seen(painted) - seen(real)) ** 2).mean(-1) ** 0.5).mean())


def colours(pictures: np.ndarray) -> np.ndarray:
    """Shares of 64 colours on white, and of emptiness."""
    alpha = pictures[..., 3].reshape(-1).astype(np.float64) / 255
    bins = (pictures[..., :3].reshape(-1, 3).astype(int) + 255 - pictures[..., 3].reshape(-1, 1)) // 64
    shares = np.bincount(bins @ [16, 4, 1], alpha, 64)
    return np.append(shares, (1 - alpha).sum()) / len(alpha)


def edges(pictures: np.ndarray) -> float:
    values = pictures.astype(np.float32) / 255
    return float(np.abs(np.diff(values, axis=1)).mean() + np.abs(np.diff(values, axis=2)).mean())


def measured(painted: np.ndarray, real: np.ndarray) -> dict[str, float]:
    return {
        "nearest": round(nearest(painted, real), 3),
        "colours": round(float(np.abs(colours(painted) - colours(real)).sum() / 2), 3),
        "edges": round(edges(painted) / edges(real), 2),
    }


# ---- the whole


class Easel:
    """Paints with Pocket at the size it was trained at, as premultiplied pixels."""

    def __init__(self) -> None:
        self.studio = Studio(Settings(home=CACHE / "lora" / "home"))
        self.side = self.studio.model("pocket").sizes.best

    def learn(self, folder: Path, name: str, kind) -> dict[str, object]:
        trained = self.studio.train_lora([folder], Course(name, kind, force=True))
        return {
            "pictures": trained.learned,
            "seconds": round(trained.seconds),
            "kB": trained.path.stat().st_size // 1000,
        }

    def paint(self, prompts: Sequence[str], *loras: str) -> np.ndarray:
        wishes = {"width": self.side, "height": self.side, "loras": loras, "keep": False}
        made = [self.studio.paint(prompt, seed=i, **wishes)[0] for i, prompt in enumerate(prompts)]
        return np.stack([np.asarray(one.image.convert("RGBa")) for one in made])

    def elsewhere(self, lora: str) -> float:
        return round(apart(self.paint(ELSEWHERE), self.paint(ELSEWHERE, lora)), 3)


def main() -> None:
    easel = Easel()
    side, fine = easel.side, 4 * easel.side
    figures: dict[str, object] = {"date": str(date.today()), "machine": machine(), "side": side}
    page: list[tuple[str, np.ndarray]] = []

    def small(pictures: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
        images = [Image.fromarray(p, "RGBa").resize((side, side), Image.Resampling.BOX) for _, p in pictures]
        return np.stack([np.asarray(image) for image in images])

    drawings = stickies(fine)
    held, taught = drawings[:HELD_BACK], drawings[HELD_BACK : HELD_BACK + TAUGHT]
    learned = easel.learn(write(taught, CACHE / "lora" / "neon"), "neon", "style")
    real, prompts = small(held), [f"{title}, neon style" for title, _ in held]
    without, with_it = easel.paint(prompts), easel.paint(prompts, "neon")
    figures["style"] = {
        **learned,
        "without": measured(without, real) | {"own": round(apart(without, real), 3)},
        "with": measured(with_it, real) | {"own": round(apart(with_it, real), 3)},
        "other real pictures": measured(small(taught), real),
        "elsewhere": easel.elsewhere("neon"),
    }
    new = [f"{title}, neon style" for title in NEW]
    titles = [title for title, _ in held[:8]]
    page += zip(titles, real, strict=False)
    page += zip([f"{title}, neon style" for title in titles], without, strict=False)
    page += zip([f"{title}, with LoRA" for title in titles], with_it, strict=False)
    page += zip([f"{title}, with LoRA" for title in new], easel.paint(new, "neon"), strict=True)

    cast = faces(fine)
    held, taught = cast[:HELD_BACK], cast[HELD_BACK:]
    learned = easel.learn(write(taught, CACHE / "lora" / "pip"), "pip", "subject")
    real = small(held)
    prompts = ["pip, glasses" if title else "pip" for title, _ in held]
    told = ["girl with red hair" + (" and glasses" if title else "") for title, _ in held]
    without, with_it = easel.paint(told), easel.paint(prompts, "pip")
    figures["character"] = {
        **learned,
        "without": measured(without, real),
        "with": measured(with_it, real),
        "other real pictures": measured(small(taught), real),
        "elsewhere": easel.elsewhere("pip"),
    }
    page += zip([title or "held back" for title, _ in held[:8]], real, strict=False)
    page += zip(told[:8], without, strict=False)
    page += zip([f"{prompt}, with LoRA" for prompt in prompts[:8]], with_it, strict=False)

    sheet(np.stack([pixels for _, pixels in page]), [title for title, _ in page], columns=8, side=96).save(
        DOCS / "lora.png"
    )
    text = json.dumps(figures, indent=1)
    (DOCS / "lora.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
