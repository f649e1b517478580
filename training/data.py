"""Make Pocket's training set: fetch openly licensed drawings, check their licences, render, caption, recolour.

    python -m training.data            # about five minutes on two cores, resumable

Writes into training/cache/: the packages as fetched, `pictures.npy` (uint8, one row a picture: 128 x 128 RGBA,
RGB premultiplied by alpha) and `pictures.jsonl` (one row a picture: title, keywords, style, group, source, weight).
It also rewrites ATTRIBUTION.md from what the packages say of themselves.
"""

import argparse
import colorsys
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
CACHE = HERE / "cache"
SIDE = 128


@dataclass(frozen=True)
class Source:
    """One npm package of drawings; `style` is the word its pictures are captioned with."""

    package: str
    version: str
    sha256: str
    licence: str
    style: str


SOURCES = [
    Source(
        "@iconify-json/twemoji",
        "1.2.5",
        "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
        "CC-BY-4.0",
        "flat",
    ),
    Source(
        "@iconify-json/noto",
        "1.2.9",
        "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
        "Apache-2.0",
        "emoji",
    ),
    Source(
        "@iconify-json/fluent-emoji-flat",
        "1.2.6",
        "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
        "MIT",
        "simple flat",
    ),
    Source(
        "@lobehub/fluent-emoji-3d",
        "1.1.0",
        "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
        "MIT",
        "3d",
    ),
    Source(
        "@iconify-json/emojione",
        "1.2.3",
        "26a14f44284407e8bcde91799388dca2bfd91dbcd55a97f425524a1c5b73610e",
        "CC-BY-4.0",
        "cartoon",
    ),
    Source(
        "@iconify-json/flat-color-icons",
        "1.2.3",
        "d8878a9b0f02d749bc8671eb7d47882eb711185cbcefbb365cbfb488773c4786",
        "MIT",
        "icon",
    ),
]
NAMES = Source(
    "emojibase-data", "17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a", "MIT", ""
)  # labels and keywords of every emoji


@dataclass(frozen=True)
class Picture:
    """What is known of one picture; `weight` is how often it is drawn in training, 1 being usual."""

    title: str
    style: str
    source: str
    key: str
    group: str
    keywords: list[str] = field(default_factory=list)
    weight: float = 1.0
    hue: float | None = None  # degrees the hue was turned by; None: the picture as its maker drew it


# ---- fetching


def archive(source: Source) -> Path:
    """The package's archive, fetched once with npm and checked against its pinned sha256."""
    name = source.package.removeprefix("@").replace("/", "-") + f"-{source.version}.tgz"
    folder = CACHE / "packages"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "pack", "--silent", f"{source.package}@{source.version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != source.sha256:
        raise SystemExit(f"{name}: sha256 is {found}, expected {source.sha256}; delete it and run again")
    return path


def read(source: Source, *names: str) -> dict[str, bytes]:
    """The wanted files of a package; a name that ends in '/' takes the whole folder."""
    found = {}
    with tarfile.open(archive(source)) as tar:
        for member in tar:
            name = member.name.removeprefix("package/")
            if member.isfile() and any(name == n or (n.endswith("/") and name.startswith(n)) for n in names):
                stream = tar.extractfile(member)
                assert stream is not None
                found[name] = stream.read()
    return found


# ---- what each drawing shows


class Labels:
    """CLDR's label, keywords and group of an emoji, by code point or by slug (emojibase)."""

    def __init__(self) -> None:
        files = read(NAMES, "en/data.json", "en/messages.json")
        groups = {g["order"]: g["key"] for g in json.loads(files["en/messages.json"])["groups"]}
        self.by_code: dict[str, dict] = {}
        self.by_slug: dict[str, dict] = {}
        for row in json.loads(files["en/data.json"]):
            entry = {
                "title": row["label"],
                "keywords": row.get("tags", []),
                "group": groups.get(row.get("group"), "component"),
            }
            code = row["hexcode"].lower()
            self.by_code[code] = self.by_code[code.replace("-fe0f", "")] = entry
            self.by_slug[slug(row["label"])] = entry

    def of_slug(self, name: str) -> dict:
        plain = {"title": name.replace("-", " "), "keywords": [], "group": "other"}
        return self.by_slug.get(name, plain)


def slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower().replace("’", "").replace("'", "")).strip("-")


UNWANTED = re.compile(
    r"skin tone|flag|keycap|button|medium light|medium dark|\b(light|medium|dark)$|regional|component"
    r"|family|couple|kiss (person|man|woman)|people holding|squared|input |^[0-9a-z]$|digit"
)
# What people rarely ask for, or what comes in many near copies, is drawn less often.
RARER = {"people-body": 0.35, "symbols": 0.35, "other": 0.6}


def weight(title: str, group: str) -> float:
    if re.search(r"\b(heart|star|snowflake)\b", title):
        return 1.0
    if re.search(r"\b(clock|oclock|thirty|arrow|zodiac)\b", title) and title not in {
        "alarm clock",
        "mantelpiece clock",
    }:
        return 0.25
    return RARER.get(group, 1.0)


def drawings(source: Source, labels: Labels) -> Iterator[tuple[Picture, bytes]]:
    """Every wanted drawing of a package, as (what it shows, SVG or WebP bytes)."""
    if source.style == "3d":
        for name, data in sorted(read(source, "assets/").items()):
            code = Path(name).stem
            entry = labels.by_code.get(code) or labels.by_code.get(code.replace("-fe0f", ""))
            if entry and name.endswith(".webp"):
                yield described(source, code, entry), data
        return
    files = read(source, "icons.json", "info.json")
    stated = json.loads(files["info.json"])["license"]["spdx"]
    if stated != source.licence:
        raise SystemExit(f"{source.package} is now under {stated}, not {source.licence}: decide again")
    book = json.loads(files["icons.json"])
    for name, icon in book["icons"].items():
        if icon.get("hidden"):
            continue
        wide, high = icon.get("width", book.get("width", 16)), icon.get("height", book.get("height", 16))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {wide} {high}">{icon["body"]}</svg>'
        )
        yield described(source, name, labels.of_slug(name)), svg.encode()


def described(source: Source, key: str, entry: dict) -> Picture:
    title = re.sub(r"[“”!:,]", "", entry["title"].lower()).replace("’", "'").strip()
    keywords = [k for k in entry["keywords"] if k != title][:12]
    return Picture(title, source.style, source.package, key, entry["group"], keywords, weight(title, entry["group"]))


def wanted(picture: Picture) -> bool:
    return not UNWANTED.search(picture.title) and picture.group != "flags"


# ---- pixels


def render(data: bytes) -> np.ndarray | None:
    """A drawing as premultiplied uint8 RGBA, SIDE x SIDE; None if it cannot be drawn or is (nearly) empty."""
    import resvg_py

    try:
        if data[:4] == b"RIFF":
            image = Image.open(io.BytesIO(data)).convert("RGBA")
        else:
            # Twice the size, then an area average: cleaner edges than the renderer's own.
            png = resvg_py.svg_to_bytes(svg_string=data.decode(), width=2 * SIDE, height=2 * SIDE)
            image = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    except (ValueError, OSError, RuntimeError):
        return None
    long_edge = max(image.size)
    square = Image.new("RGBA", (long_edge, long_edge))
    square.paste(image, ((long_edge - image.width) // 2, (long_edge - image.height) // 2))
    pixels = np.asarray(square.convert("RGBa").resize((SIDE, SIDE), Image.Resampling.BOX))
    return pixels if (pixels[..., 3] > 128).mean() > 0.01 else None


COLOURS = {"red": 2, "orange": 28, "yellow": 50, "green": 125, "blue": 215, "purple": 275, "pink": 328}
COLOUR_WORD = re.compile(r"\b(red|orange|yellow|green|blue|purple|pink|brown|black|white|light blue|grey)\b")


def dominant_hue(pixels: np.ndarray) -> float | None:
    """The hue (degrees) that most of the picture's coloured area has, or None if it has no such hue."""
    alpha = pixels[..., 3] > 128
    rgb = pixels[alpha][:, :3].astype(np.float32) / 255
    if len(rgb) == 0:
        return None
    top, low = rgb.max(1), rgb.min(1)
    colourful = (top - low > 0.25) & (top > 0.25)
    if colourful.mean() < 0.35:
        return None
    hues = np.array([colorsys.rgb_to_hsv(*c)[0] for c in rgb[colourful][::7]]) * 2 * np.pi
    direction = np.exp(1j * hues).mean()
    return float(np.degrees(np.angle(direction)) % 360) if abs(direction) > 0.85 else None


def turn_hue(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """The picture with every hue turned by `degrees`; transparency is unchanged."""
    alpha = pixels[..., 3:].astype(np.float32)
    straight = np.where(alpha > 0, pixels[..., :3] * 255.0 / np.maximum(alpha, 1), 0).clip(0, 255).astype(np.uint8)
    hsv = np.array(Image.fromarray(straight).convert("HSV"))
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees / 360 * 256)) % 256
    rgb = np.asarray(Image.fromarray(hsv, "HSV").convert("RGB")).astype(np.float32)
    return np.concatenate([rgb * alpha / 255, alpha], -1).round().astype(np.uint8)


def colour_name(hue: float) -> str:
    return min(COLOURS, key=lambda name: abs((hue - COLOURS[name] + 180) % 360 - 180))


def recoloured(picture: Picture, pixels: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[Picture, np.ndarray]]:
    """The same thing in up to two other colours, and named by its own: teaches "blue car" and "green car" apart."""
    if picture.group in {"people-body", "smileys-emotion", "symbols"} and "heart" not in picture.title:
        return
    hue = dominant_hue(pixels)
    if hue is None:
        return
    bare = COLOUR_WORD.sub("", picture.title).strip()
    if not bare:
        return
    own = colour_name(hue)
    yield replace(picture, title=f"{own} {bare}", keywords=[], weight=picture.weight * 0.3), pixels
    for name in rng.choice([c for c in COLOURS if c != own], 2, replace=False):
        turned = (COLOURS[name] - hue) % 360
        new = replace(picture, title=f"{name} {bare}", keywords=[], weight=picture.weight * 0.3, hue=round(turned, 1))
        yield new, turn_hue(pixels, turned)


# ---- the whole


def build(limit: int | None) -> None:
    labels = Labels()
    rng = np.random.default_rng(0)
    rows: list[Picture] = []
    images: list[np.ndarray] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for source in SOURCES:
            found = [(p, d) for p, d in drawings(source, labels) if wanted(p)][:limit]
            broken = 0
            for (picture, _), pixels in zip(found, pool.map(render, (d for _, d in found), chunksize=16), strict=True):
                if pixels is None:
                    broken += 1
                    continue
                rows.append(picture)
                images.append(pixels)
                for other, other_pixels in recoloured(picture, pixels, rng):
                    rows.append(other)
                    images.append(other_pixels)
            print(f"{source.package}: {len(found) - broken} pictures, {broken} left out", flush=True)
    np.save(CACHE / "pictures.npy", np.stack(images))
    with (CACHE / "pictures.jsonl").open("w") as out:
        out.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    print(f"{len(rows)} pictures, {len({r.title for r in rows})} titles, {len({r.style for r in rows})} styles")


def attribute() -> None:
    """Write ATTRIBUTION.md from what the packages state of themselves."""
    lines = [
        "# Whose drawings Pocket learned from\n",
        "Made by `python -m training.data`. The drawings themselves are not part of this repository.\n",
        "| set | author | licence | origin |",
        "|---|---|---|---|",
    ]
    for source in [*SOURCES, NAMES]:
        files = read(source, "info.json", "package.json")
        info = json.loads(files.get("info.json", b"{}"))
        package = json.loads(files["package.json"])
        author = info.get("author", {}).get("name") or package["author"]
        author = author if isinstance(author, str) else author["name"]
        origin = info.get("author", {}).get("url") or package.get("homepage", "")
        lines.append(f"| {source.package} {source.version} | {author} | {source.licence} | {origin} |")
    lines.append(
        "\nText: MiniLM-L6-v2 (Apache-2.0, sentence-transformers, Microsoft), that Pocket's text encoder learned from."
    )
    (HERE.parent / "ATTRIBUTION.md").write_text("\n".join(lines) + "\n")


def load() -> tuple[np.ndarray, list[Picture]]:
    """The set as made by `build`: pixels (memory-mapped uint8, premultiplied RGBA) and what they show."""
    rows = [Picture(**json.loads(line)) for line in (CACHE / "pictures.jsonl").read_text().splitlines()]
    return np.load(CACHE / "pictures.npy", mmap_mode="r"), rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, help="at most this many drawings a package, to try it out")
    args = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    attribute()
    build(args.limit)
