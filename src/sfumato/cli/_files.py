"""Where pictures go: a file, a folder, or a pattern with fields in braces, as {seed} {n} {prompt} {model}."""

import os
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sfumato.core.errors import RequestError
from sfumato.core.recipe import Recipe

OF_PAINTED = {"seed", "n", "prompt", "model"}
OF_FILES = {"name", "n"}


def paths_for(recipes: Sequence[Recipe], out: str | None, ending: str | None) -> list[Path]:
    """One path a recipe, all different; RequestError names a pattern's unknown field.

    out: None puts them here, as {prompt}-{seed}; a folder (one that exists, or ends in /) likewise in it; a plain file
    name gets -1, -2 ... before its ending where there are several pictures.
    """
    pattern = pattern_of(out, "{prompt}-{seed}", OF_PAINTED, ending)
    if len(recipes) > 1 and not re.search(r"{(seed|n)}", pattern):
        stem, dot, suffix = pattern.rpartition(".")
        pattern = f"{stem}-{{n}}{dot}{suffix}"
    paths: dict[Path, None] = {}
    for number, recipe in enumerate(recipes, 1):
        n, prompt = counted(number, len(recipes)), slug(recipe.asked or recipe.prompt)
        path = filled(pattern, {"seed": str(recipe.seed), "n": n, "model": recipe.model, "prompt": prompt})
        while path in paths:  # the same prompt and seed twice in one order
            path = path.with_stem(f"{path.stem}-{n}")
        paths[path] = None
    return list(paths)


def paths_beside(files: Sequence[Path], out: str | None, word: str, ending: str | None) -> list[Path]:
    """One path a file, all different; RequestError as paths_for, and where two results would be one file.

    out: None puts them here, as {name}-WORD; a folder likewise in it; else a file, or a pattern with {name} and {n}.
    """
    pattern = pattern_of(out, f"{{name}}-{word}", OF_FILES, ending)
    paths = {
        filled(pattern, {"name": file.stem, "n": counted(number, len(files))}): None
        for number, file in enumerate(files, 1)
    }
    if len(paths) < len(files):
        raise RequestError("two of the results would have the same name: give --out a pattern with {n}")
    return list(paths)


def pattern_of(out: str | None, usual: str, fields: Collection[str], ending: str | None) -> str:
    """What `--out` says, with the usual name where it says none, and an ending; RequestError as above."""
    if out == "":
        raise RequestError("--out is empty: give a file, a folder or a pattern, or leave it out")
    for name in re.findall(r"{([^{}]*)}", out or ""):
        if name not in fields:
            raise RequestError(f"--out has no field {{{name[:40]}}}; it has {', '.join(sorted(fields))}")
    pattern = out or usual
    if out is not None and (out.endswith("/") or os.path.isdir(out)):  # noqa: PTH112 - never raises, as Path's does
        pattern = str(Path(out) / usual)
    if not re.fullmatch(r"\.[A-Za-z]{2,5}", Path(pattern).suffix):  # .gif stays, and is refused; .2 is no ending
        pattern += f".{ending or 'png'}"
    return pattern


def filled(pattern: str, fields: Mapping[str, str]) -> Path:
    """A pattern with what stands for its fields."""
    return Path(re.sub(r"{(\w+)}", lambda found: fields[found[1]], pattern))


def counted(number: int, of: int) -> str:
    """A number with as many digits as the last one has, so that names sort as they were made."""
    return f"{number:0{len(str(of))}}"


def slug(prompt: str) -> str:
    """A prompt as part of a file name: small letters and digits of any script, hyphens between, at most 60 bytes."""
    plain = unicodedata.normalize("NFC", prompt.lower())
    words = re.sub(r"[\W_]+", "-", plain).strip("-")
    return words.encode()[:60].decode(errors="ignore").strip("-") or "picture"
