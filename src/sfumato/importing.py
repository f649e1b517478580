"""Models that are on this machine already, taken in where they lie: folders of diffusers, files, other tools' folders.

Which model of the catalogue one is like, likeness.py says, and a card in the home from then on. Nothing is copied
unless it is asked for; links lead to where things lie.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import CannotWrite, RequestError, SfumatoError
from sfumato.core.wording import LONG, cause, shown
from sfumato.embeddings import Embeddings
from sfumato.likeness import like_file, like_folder
from sfumato.loras import Loras
from sfumato.weights.models import INDEX, PICKLES, WEIGHTS, Models

MODELS_OF_TOOLS = frozenset({"checkpoints", "diffusion_models", "unet", "stable-diffusion"})
LORAS_OF_TOOLS = frozenset({"loras", "lora"})
WORDS_OF_TOOLS = frozenset({"embeddings"})
"""Folders that ComfyUI and AUTOMATIC1111 keep them in, in small letters."""


@dataclass(frozen=True)
class Imported:
    """name: as `--model`, `--lora` or a prompt's `<word>` names it now. like: the model of the catalogue that it is
    like; None: a LoRA or a word.

    missing: parts and configs that are still to be pulled.
    """

    name: str
    like: str | None
    place: Path
    missing: bool = False


def import_model(
    path: Path,
    models: Models,
    own: catalog.Own,
    *,
    name: str | None = None,
    like: str | None = None,
    copy: bool = False,
) -> Imported:
    """Take in a folder as diffusers lays it out, or one file of weights.

    name: None makes one of the file's. like: the card that it is like, where that cannot be seen. copy: have the bytes
    in the home, and not a link. RequestError says what it is where it is no model, and what to do.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        base, inside = like_folder(path, own, like), None
    else:
        base, inside = like_file(path, own, like)
    name = _named(name or path.stem if inside else name or path.name, base, own, models)
    place = models.place(name)
    with _told_to_people(place):
        _lay(path, place if inside is None else place / f"{inside}{path.suffix.lower()}", copy)
        if name != base.name:
            own.keep(_card_like(base, name, path))
    return Imported(name, base.name, place, missing=inside is not None)


def import_all(
    folder: Path, models: Models, own: catalog.Own, loras: Loras, words: Embeddings, *, copy: bool = False
) -> tuple[list[Imported], list[str]]:
    """Take in all of another tool's folder of models: (what was taken in, why others were not, one line each)."""
    taking: dict[str, Callable[..., Imported]] = {
        **dict.fromkeys(MODELS_OF_TOOLS, partial(import_model, models=models, own=own)),
        **dict.fromkeys(LORAS_OF_TOOLS, partial(import_lora, loras=loras)),
        **dict.fromkeys(WORDS_OF_TOOLS, partial(import_word, words=words)),
    }
    taken: list[Imported] = []
    problems: list[str] = []
    files = list(found_in(folder))
    for path, kind in files:
        try:
            one = taking[kind](path, copy=copy)
        except SfumatoError as error:
            problems.append(f"{path.relative_to(folder)}: {error}")
        else:
            taken.append(one)
    if not files:
        raise RequestError(
            f"{shown(str(folder), LONG)} holds no {INDEX}, and no folder of models of ComfyUI or AUTOMATIC1111 with "
            f"safetensors or GGUF files in it: name the folder, or a file, itself"
        )
    return taken, problems


def import_lora(path: Path, loras: Loras, *, name: str | None = None, copy: bool = False) -> Imported:
    """Take in a LoRA file. name: None makes one of the file's. RequestError or CannotWrite."""
    place = loras.path(name or _plain(path))
    return _beside(path, place, f"a LoRA named {place.stem} is here already: sfumato loras rm {place.stem} first", copy)


def import_word(path: Path, words: Embeddings, *, name: str | None = None, copy: bool = False) -> Imported:
    """Take in a word of one's own (textual inversion). name: as above. RequestError or CannotWrite."""
    place = words.path(name or _plain(path))
    words.read(place.stem, path)
    here = f"a word <{place.stem}> is here already: delete {shown(str(place), LONG)} first"
    return _beside(path, place, here, copy)


def _beside(path: Path, place: Path, here: str, copy: bool) -> Imported:
    """Lay a file that goes beside models where its kind is kept. here: what is said where one is there already."""
    if place.exists():
        raise RequestError(here)
    with _told_to_people(place):
        _lay(path.absolute(), place, copy)
    return Imported(place.stem, None, place)


def _plain(path: Path) -> str:
    """A name of the kind that LoRA and words have, out of a file's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem)[:64].strip("-.")


def found_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files of weights in another tool's folder of models, with the kind of folder that each is in; sorted."""
    places = [folder, folder / "models"]
    for place in sorted(inner for outer in places if outer.is_dir() for inner in outer.iterdir() if inner.is_dir()):
        kind = place.name.lower()
        if kind in MODELS_OF_TOOLS | LORAS_OF_TOOLS | WORDS_OF_TOOLS:
            files = sorted(path for path in _below(place) if path.suffix.lower() in WEIGHTS and path.is_file())
            yield from ((path, kind) for path in files)


def _below(folder: Path) -> Iterator[Path]:
    """All files, also of folders that links lead to, for weights often lie on another disk; each folder once."""
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))
        folders[:] = [name for name in folders if os.path.realpath(Path(place) / name) not in seen]
        yield from (Path(place) / name for name in names)


def is_of_a_tool(path: Path) -> bool:
    """Whether a folder is one of models that another tool keeps, and not a model itself."""
    return path.is_dir() and not (path / INDEX).is_file()


def _named(wish: str, base: Card, own: catalog.Own, models: Models) -> str:
    name = re.sub(r"[^a-z0-9.]+", "-", wish.lower()).strip("-.")
    if not name:
        raise RequestError(f"{shown(wish)} is no name for a model: give --name letters, digits and hyphens")
    taken = name in catalog.listed() or (name in own.names() and name != base.name)
    if taken or models.place(name).exists():
        raise RequestError(f"a model named {name} is here already: give another --name, or sfumato rm {name} first")
    return name


def _card_like(base: Card, name: str, path: Path) -> Card:
    """The card of what was taken in: as the model's that it is like, but for what only its own maker knows."""
    return base.model_copy(
        update={
            "name": name,
            "title": name,
            "about": f"{shown(path.name)}, taken in from this machine; it is like {base.title}.",
            "licence_note": "that of the model it is like; its maker's own terms may be others",
            "commercial": False,
            "signs": [],
            "bases": [*base.bases, base.name],
            "unknown": {**base.unknown, "commercial": "its maker's terms are not known here"},
        }
    )


def _lay(path: Path, place: Path, copy: bool) -> None:
    """A link to where something lies, or a whole copy of it; OSError."""
    if not os.access(path, os.R_OK):
        raise RequestError(f"{shown(str(path), LONG)} cannot be read: check its rights")
    place.parent.mkdir(parents=True, exist_ok=True)
    if not copy:
        place.symlink_to(path, target_is_directory=path.is_dir())
        return
    part = place.with_name(f".{place.name}.part")
    _clear(part)  # what a copy left that was cut off
    try:
        if path.is_dir():
            shutil.copytree(path, part, ignore=shutil.ignore_patterns("*.py", *(f"*{end}" for end in PICKLES)))
        else:
            shutil.copyfile(path, part)
        part.replace(place)
    finally:
        _clear(part)


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _told_to_people(place: Path) -> Iterator[None]:
    """The disk's errors as ours."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{shown(str(place), LONG)} cannot be written ({cause(error)}): change its rights, or set "
            "SFUMATO_HOME to another place"
        ) from error
