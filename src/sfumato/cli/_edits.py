"""What commands that work on picture files have in common: where the results go, and saying what was done."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfumato.cli._options import Results
from sfumato.core.errors import RequestError

if TYPE_CHECKING:
    from sfumato.core.picture import Edit
    from sfumato.studio import Studio

NAMES = {"name", "n"}


def paths_beside(files: Sequence[Path], out: str | None, word: str, ending: str | None) -> list[Path]:
    """One path a file, all different.

    out: None puts them here, as {name}-WORD; a folder (one that exists, or ends in /) likewise in it; else a file, or a
    pattern with {name} and {n}. RequestError names a pattern's unknown field, or that two results would be one file.
    """
    if out == "":
        raise RequestError("--out is empty: give a file, a folder or a pattern, or leave it out")
    for field in re.findall(r"{([^{}]*)}", out or ""):
        if field not in NAMES:
            raise RequestError(f"--out has no field {{{field[:40]}}}; it has {', '.join(sorted(NAMES))}")
    pattern = out or f"{{name}}-{word}"
    if out is not None and (out.endswith("/") or Path(out).is_dir()):
        pattern = str(Path(out) / f"{{name}}-{word}")
    if not re.fullmatch(r"\.[A-Za-z]{2,5}", Path(pattern).suffix):
        pattern += f".{ending or 'png'}"
    paths = {}
    for number, file in enumerate(files, 1):
        fields = {"name": file.stem, "n": f"{number:0{len(str(len(files)))}}"}
        paths[Path(re.sub(r"{(\w+)}", lambda m, fields=fields: fields[m[1]], pattern))] = file
    if len(paths) < len(files):
        raise RequestError("two of the results would have the same name: give --out a pattern with {n}")
    return list(paths)


def save_all(
    studio: "Studio", files: Sequence[Path], word: str, results: Results, work: "Callable[[int, Path], Edit]"
) -> None:
    """Do the work for each file, save it, and print its path.

    word: what the names of results end in. work: is given the file's number, from 1, and its path.
    """
    from sfumato.cli import _tables
    from sfumato.cli._progress import say

    paths = paths_beside(files, results.out, word, results.format)
    lose_alpha = {path for path in paths if studio.check_file(path, **results.encoding)}
    done = []
    for number, (file, path) in enumerate(zip(files, paths, strict=True), 1):
        edit = work(number, file)
        for text in edit.warnings:
            say(text)
        if path in lose_alpha and edit.image.getchannel("A").getextrema() != (255, 255):
            say(f"{path.name} cannot be transparent: the picture is laid on white")
        edit.save(path, **results.encoding)
        size = {"width": edit.image.width, "height": edit.image.height}
        done.append({"from": str(file), "path": str(path), **size, "seconds": round(edit.seconds, 3)})
        if not results.json:
            print(path, flush=True)
    if results.json:
        _tables.print_json(done)
