"""Where pictures go: a file, a folder, or a pattern with {seed} {n} {prompt} {model}."""

import os
import re
import unicodedata
from pathlib import Path

from sfumato.core.errors import RequestError
from sfumato.core.recipe import Recipe

NAMES = {"seed", "n", "prompt", "model"}


def paths_for(recipes: list[Recipe], out: str | None, ending: str | None) -> list[Path]:
    """One path a recipe, all different; RequestError names a pattern's unknown field.

    out: None puts them here, as {prompt}-{seed}; a folder (one that exists, or ends in /) likewise in it; a plain file
    name gets -1, -2 ... before its ending where there are several pictures.
    """
    if out == "":
        raise RequestError("--out is empty: give a file, a folder or a pattern, or leave it out")
    for name in re.findall(r"{([^{}]*)}", out or ""):
        if name not in NAMES:
            raise RequestError(f"--out has no field {{{name[:40]}}}; it has {', '.join(sorted(NAMES))}")
    pattern = out or "{prompt}-{seed}"
    if out is not None and (out.endswith("/") or os.path.isdir(out)):  # noqa: PTH112 - never raises, as Path's does
        pattern = str(Path(out) / "{prompt}-{seed}")
    if not re.fullmatch(r"\.[A-Za-z]{2,5}", Path(pattern).suffix):  # .gif stays, and is refused; .2 is no ending
        pattern += f".{ending or 'png'}"
    if len(recipes) > 1 and not re.search(r"{(seed|n)}", pattern):
        stem, dot, suffix = pattern.rpartition(".")
        pattern = f"{stem}-{{n}}{dot}{suffix}"
    digits = len(str(len(recipes)))
    paths: dict[Path, None] = {}
    for number, recipe in enumerate(recipes, 1):
        fields = {
            "seed": str(recipe.seed),
            "n": f"{number:0{digits}}",
            "model": recipe.model,
            "prompt": slug(recipe.asked or recipe.prompt),
        }
        path = Path(re.sub(r"{(\w+)}", lambda m, fields=fields: fields[m[1]], pattern))
        while path in paths:  # the same prompt and seed twice in one order
            path = path.with_stem(f"{path.stem}-{number:0{digits}}")
        paths[path] = None
    return list(paths)


def slug(prompt: str) -> str:
    """A prompt as part of a file name: small letters and digits of any script, hyphens between, at most 60 bytes."""
    plain = unicodedata.normalize("NFC", prompt.lower())
    words = re.sub(r"[\W_]+", "-", plain).strip("-")
    return words.encode()[:60].decode(errors="ignore").strip("-") or "picture"
