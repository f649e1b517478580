"""The gallery of docs/changing-pictures.md: run the page's own commands, and lay out what they make, a row a section.

    OMP_WAIT_POLICY=PASSIVE python docs/gallery.py

Writes changing-pictures.jpg beside the page.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PAGE = Path(__file__).with_name("changing-pictures.md")
HEIGHT, GAP, TEXT = 150, 12, 15  # pixels
WIDTH = 1200
GROUND, INK = "#f2f0ec", "#3a3a3a"


def commands(section: str) -> list[list[str]]:
    """The words of each command in a section's shell blocks."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)).splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("sfumato ")]


def made_by(words: list[str], folder: Path) -> list[Path]:
    """Run a command there, and return the pictures whose paths it printed."""
    env = os.environ | {"SFUMATO_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "sfumato", *words], cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    paths = [folder / line for line in done.stdout.splitlines()]
    return [path for path in paths if path.suffix in {".png", ".jpg", ".webp"}]


def row_of(paths: list[Path]) -> Image.Image:
    """Pictures side by side at one height, each with its file's name below; smaller if they would not fit."""
    images = [Image.open(path).convert("RGBA") for path in paths]
    across = sum(image.width / image.height for image in images)
    height = min(HEIGHT, int((WIDTH - GAP * (len(images) + 1)) / across))
    row = Image.new("RGB", (WIDTH, height + TEXT + 2 * GAP), GROUND)
    pen, font, left = ImageDraw.Draw(row), ImageFont.load_default(TEXT - 3), GAP
    for path, image in zip(paths, images, strict=True):
        small = image.resize((round(image.width / image.height * height), height), Image.Resampling.LANCZOS)
        row.paste(small, (left, GAP), small)
        pen.text((left, GAP + height + 3), path.stem, INK, font)
        left += small.width + GAP
    return row


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sections = map(commands, PAGE.read_text(encoding="utf-8").split("\n## "))
        made = [[path for words in each for path in made_by(words, Path(folder))] for each in sections]
        rows = [row_of(paths) for paths in made if paths]
    sheet = Image.new("RGB", (WIDTH, sum(row.height for row in rows)))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    sheet.save(PAGE.with_suffix(".jpg"), quality=88)


if __name__ == "__main__":
    main()
