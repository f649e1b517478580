"""What commands that work on picture files have in common: saving what was done, and saying so."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfumato.cli._files import paths_beside
from sfumato.cli._options import Results

if TYPE_CHECKING:
    from sfumato.core.picture import Edit
    from sfumato.studio import Studio


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
