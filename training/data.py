"""Make Pocket's training set: fetch openly licensed drawings, check their licences, render, recolour, compose.

    python -m training.data                          # about seven minutes on two cores
    python -m training.data --side 256 --plain       # the drawings alone, for training on a GPU, which composes itself

Writes into training/cache/: the packages as fetched, `pictures.npy` (uint8, one row a picture: side x side RGBA,
RGB premultiplied by alpha) and `pictures.jsonl` (one row a picture: title, keywords, style, group, source, weight).
It also rewrites ATTRIBUTION.md from what the packages say of themselves.

`--pack` writes cache/drawings.tar.xz instead: all that is needed of the packages, small enough to be carried to a
machine without a network; where that file is, nothing is fetched. SFUMATO_TRAINING_CACHE names another cache folder.
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
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("SFUMATO_TRAINING_CACHE", HERE / "cache"))
PACKED = CACHE / "drawings.tar.xz"


@dataclass(frozen=True)
class Source:
    """One npm package of drawings; `style` is the word its pictures are captioned with."""

    package: str
    version: str
    sha256: str
    licence: str
    style: str


SOURCES = [
    Source(package, version, sha256, licence, style)
    for package, version, licence, style, sha256 in (
        line.split() for line in (HERE / "sources.txt").read_text().splitlines() if not line.startswith("#")
    )
]
NAMES = Source(
    "emojibase-data", "17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a", "MIT", ""
)  # labels and keywords of every emoji
WORDS = {"simple": "simple flat"}  # what a style is called in captions, where that is not its name


@dataclass(frozen=True)
class Picture:
    """What is known of one picture; `weight` is how often it is drawn in training, 1 being usual.

    made: how we made it of other pictures (training/compositions.py); empty for a picture as its maker drew it.
    """

    title: str
    style: str
    source: str
    key: str
    group: str
    keywords: list[str] = field(default_factory=list)
    weight: float = 1.0
    made: Literal["", "hue", "pair", "ground", "pixel", "small"] = ""


def held_out(picture: Picture) -> bool:
    """One in 33 of style x title is never trained on, so that evaluation can ask for it."""
    return zlib.crc32(f"{picture.key}|{picture.style}".encode()) % 33 == 0


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

    def asked(name: str) -> bool:
        return any(name == n or (n.endswith("/") and name.startswith(n)) for n in names)

    if PACKED.exists():
        prefix = f"{source.package}/"
        own = {name.removeprefix(prefix): data for name, data in packed().items() if name.startswith(prefix)}
        return {name: data for name, data in own.items() if asked(name)}
    with tarfile.open(archive(source)) as tar:
        return {
            member.name.removeprefix("package/"): contents(tar, member)
            for member in tar
            if member.isfile() and asked(member.name.removeprefix("package/"))
        }


@cache
def packed() -> dict[str, bytes]:
    """All that is in PACKED, by package and name."""
    with tarfile.open(PACKED) as tar:
        return {member.name: contents(tar, member) for member in tar}


def contents(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream.read()


def pack() -> None:
    """Write PACKED: of every package its own account of itself, its wanted drawings, and the names of all emoji."""
    PACKED.unlink(missing_ok=True)
    labels, part = Labels(), PACKED.with_suffix(".part")
    with tarfile.open(part, "w:xz", preset=6) as tar:

        def put(source: Source, name: str, data: bytes) -> None:
            member = tarfile.TarInfo(f"{source.package}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))

        for name, data in read(NAMES, "en/data.json", "en/messages.json", "package.json").items():
            put(NAMES, name, data)
        for source in SOURCES:
            for name, data in read(source, "info.json", "package.json").items():
                put(source, name, data)
            chosen = [picture.key for picture, _ in drawings(source, labels) if wanted(picture)]
            if source.style == "3d":
                for name, data in read(source, "assets/").items():
                    if Path(name).stem in chosen:
                        put(source, name, smaller(data))
                continue
            book = json.loads(read(source, "icons.json")["icons.json"])
            book["icons"] = {name: book["icons"][name] for name in chosen}
            put(source, "icons.json", json.dumps({k: v for k, v in book.items() if k != "aliases"}).encode())
    part.replace(PACKED)
    print(f"{PACKED.stat().st_size / 1e6:.1f} MB")


def smaller(data: bytes) -> bytes:
    """A WebP picture, compressed once more."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGBA").save(out, "webp", quality=80)
    return out.getvalue()


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
        plain = {"title": re.sub(r" \d+$", "", name.replace("-", " ")), "keywords": [], "group": "other"}
        return self.by_slug.get(name, plain)


def slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower().replace("’", "").replace("'", "")).strip("-")


UNWANTED = re.compile(
    r"skin tone|flag|keycap|button|medium light|medium dark|\b(light|medium|dark)$|regional|component"
    r"|family|couple|kiss (person|man|woman)|people holding|squared|input |^[0-9a-z]$|digit|logo|amex|visa"
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
    style = WORDS.get(source.style, source.style)
    return Picture(title, style, source.package, key, entry["group"], keywords, weight(title, entry["group"]))


def wanted(picture: Picture) -> bool:
    return not UNWANTED.search(picture.title) and picture.group != "flags"


# ---- pixels


def render(data: bytes, side: int) -> np.ndarray | None:
    """A drawing as premultiplied uint8 RGBA, side x side; None if it cannot be drawn or is (nearly) empty."""
    import resvg_py

    try:
        if data[:4] == b"RIFF":
            image = Image.open(io.BytesIO(data)).convert("RGBA")
        else:
            # Twice the size, then an area average: cleaner edges than the renderer's own.
            png = resvg_py.svg_to_bytes(svg_string=data.decode(), width=2 * side, height=2 * side)
            image = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    except (ValueError, OSError, RuntimeError):
        return None
    long_edge = max(image.size)
    square = Image.new("RGBA", (long_edge, long_edge))
    square.paste(image, ((long_edge - image.width) // 2, (long_edge - image.height) // 2))
    pixels = np.asarray(square.convert("RGBa").resize((side, side), Image.Resampling.BOX))
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
    yield replace(picture, title=f"{own} {bare}", keywords=[], weight=picture.weight * 0.3, made="hue"), pixels
    for name in rng.choice([c for c in COLOURS if c != own], 2, replace=False):
        turned = (COLOURS[name] - hue) % 360
        new = replace(picture, title=f"{name} {bare}", keywords=[], weight=picture.weight * 0.3, made="hue")
        yield new, turn_hue(pixels, turned)


def drawn(picture: Picture, data: bytes, side: int, plain: bool) -> list[tuple[Picture, np.ndarray]]:
    """A drawing's picture and, unless plain, its recoloured copies; none if it cannot be drawn."""
    pixels = render(data, side)
    if pixels is None or plain:
        return [] if pixels is None else [(picture, pixels)]
    rng = np.random.default_rng(zlib.crc32(f"{picture.source}/{picture.key}".encode()))
    return [(picture, pixels), *recoloured(picture, pixels, rng)]


# ---- the whole


def build(limit: int | None, side: int, plain: bool) -> None:
    from training.compositions import compose, compositions, in_coarse_pixels

    labels = Labels()
    made: list[tuple[Picture, np.ndarray]] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for source in SOURCES:
            found = [(p, d) for p, d in drawings(source, labels) if wanted(p)][:limit]
            pictures, data = zip(*found, strict=True)
            each = list(pool.map(drawn, pictures, data, [side] * len(found), [plain] * len(found), chunksize=16))
            made += [pair for pairs in each for pair in pairs]
            print(f"{source.package}: {len(found)} drawings, {each.count([])} of them left out", flush=True)
        choose = in_coarse_pixels if plain else compositions
        jobs = choose([row for row, _ in made], [pixels for _, pixels in made], np.random.default_rng(0), limit)
        made += pool.map(compose, *zip(*jobs, strict=True), chunksize=32)
    rows = [row for row, _ in made]
    np.save(CACHE / "pictures.npy", np.stack([pixels for _, pixels in made]))
    with (CACHE / "pictures.jsonl").open("w") as out:
        out.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    print(f"{len(rows)} pictures, {len({r.title for r in rows})} titles, {len({r.style for r in rows})} styles")


def attribute() -> None:
    """Write ATTRIBUTION.md from what the packages state of themselves; what stands below of other things stays."""
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
    file = HERE.parent / "ATTRIBUTION.md"
    _, others, rest = file.read_text().partition("\n# Small models")
    file.write_text("\n".join(lines) + "\n" + others + rest)


def load() -> tuple[np.ndarray, list[Picture]]:
    """The set as made by `build`: pixels (memory-mapped uint8, premultiplied RGBA) and what they show."""
    rows = [Picture(**json.loads(line)) for line in (CACHE / "pictures.jsonl").read_text().splitlines()]
    return np.load(CACHE / "pictures.npy", mmap_mode="r"), rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, help="at most this many drawings a package, to try it out")
    parser.add_argument("--side", type=int, default=128, help="pixels a side; 256 for training on a GPU")
    parser.add_argument("--plain", action="store_true", help="only the drawings, and some in coarse pixels")
    parser.add_argument("--pack", action="store_true", help="write cache/drawings.tar.xz and nothing else")
    args = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    if args.pack:
        pack()
    else:
        attribute()
        build(args.limit, args.side, args.plain)
