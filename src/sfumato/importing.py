"""Models that are on this machine already, taken in where they lie: folders of diffusers, files, other tools' folders.

Only headers are read: names and shapes of a file's tensors say which model of the catalogue it is like (Card.signs); a
card in the home says so from then on. Nothing is copied unless it is asked for; links lead to where things lie.
"""

import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import CannotWrite, RequestError, SfumatoError, UnreadableFile
from sfumato.core.wording import LONG, cause, shown
from sfumato.engine.weights.gguf import gguf_shapes
from sfumato.engine.weights.tensors import mapped
from sfumato.loras import Loras
from sfumato.weights.models import INDEX, PICKLES, WEIGHTS, Models

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "model.model.")
"""Before the names of the network that paints, in files that hold all parts, and in those cut out of such."""

WHOLE = ("cond_stage_model.", "conditioner.")
"""Before the names of readers, in files that hold all parts of a Stable Diffusion."""

NO_MODEL = {
    "a LoRA": (".lora_down.weight", ".lora_A.weight", ".lora_up.weight"),
    "a ControlNet": ("control_model.input_blocks.0.0.weight", "controlnet_cond_embedding.conv_in.weight"),
    "an IP-Adapter": ("ip_adapter.1.to_k_ip.weight",),
}
"""What else there is in such files, by ends of tensors' names."""

MODELS_OF_TOOLS = frozenset({"checkpoints", "diffusion_models", "unet", "stable-diffusion"})
LORAS_OF_TOOLS = frozenset({"loras", "lora"})
"""Folders that ComfyUI and AUTOMATIC1111 keep them in, in small letters."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Imported:
    """name: as `--model`, or `--lora`, names it now. like: the model of the catalogue that it is like; None: a LoRA.

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
        base, inside = _like_folder(path, own, like), None
    else:
        base, inside = _like_file(path, own, like)
    name = _named(name or path.stem if inside else name or path.name, base, own, models)
    place = models.place(name)
    with _told_to_people(place):
        _lay(path, place if inside is None else place / f"{inside}{path.suffix.lower()}", copy)
        if name != base.name:
            own.keep(_card_like(base, name, path))
    return Imported(name, base.name, place, missing=inside is not None)


def import_all(
    folder: Path, models: Models, own: catalog.Own, loras: Loras, *, copy: bool = False
) -> tuple[list[Imported], list[str]]:
    """Take in all of another tool's folder of models: (what was taken in, why others were not, one line each)."""
    taken: list[Imported] = []
    problems: list[str] = []
    files = list(found_in(folder))
    for path, lora in files:
        try:
            one = import_lora(path, loras, copy=copy) if lora else import_model(path, models, own, copy=copy)
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
    place = loras.path(name or re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem)[:64].strip("-."))
    if place.exists():
        raise RequestError(f"a LoRA named {place.stem} is here already: sfumato loras rm {place.stem} first")
    with _told_to_people(place):
        _lay(path.absolute(), place, copy)
    return Imported(place.stem, None, place)


def found_in(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Files of weights in another tool's folder of models, and whether each is a LoRA; sorted."""
    places = [folder, folder / "models"]
    for place in sorted(inner for outer in places if outer.is_dir() for inner in outer.iterdir() if inner.is_dir()):
        kind = place.name.lower()
        if kind in MODELS_OF_TOOLS | LORAS_OF_TOOLS:
            files = sorted(path for path in place.rglob("*") if path.suffix.lower() in WEIGHTS and path.is_file())
            yield from ((path, kind in LORAS_OF_TOOLS) for path in files)


def is_of_a_tool(path: Path) -> bool:
    """Whether a folder is one of models that another tool keeps, and not a model itself."""
    return path.is_dir() and not (path / INDEX).is_file()


def is_lora(path: Path) -> bool:
    """Whether a file holds a LoRA, by its header."""
    try:
        return path.suffix.lower() == ".safetensors" and _other_than_a_model(_shapes(path)) == "a LoRA"
    except UnreadableFile:
        return False


def _like_file(path: Path, own: catalog.Own, like: str | None) -> tuple[Card, str]:
    """(the card that the file is like, the part that it holds)."""
    if path.suffix.lower() in PICKLES:
        raise RequestError(
            f"{shown(path.name)} is a {path.suffix} file, which can run code when it is opened: fetch the model as "
            f"safetensors, or convert it where that does no harm"
        )
    if path.suffix.lower() not in WEIGHTS:
        raise RequestError(f"{shown(path.name)} is no model: give a safetensors or GGUF file, or a folder of diffusers")
    try:
        shapes = _shapes(path)
    except UnreadableFile as error:
        raise UnreadableFile(f"{shown(path.name)}: {error}") from error
    if (other := _other_than_a_model(shapes)) is not None:
        raise RequestError(f"{shown(path.name)} is {other}, and no model to paint with by itself")
    base, part = _like_shapes(shapes, own, like, path.name)
    if base.family == "pipeline":
        raise RequestError(
            f"{shown(path.name)} is like {base.name}, which is read from a folder of diffusers and not from one file: "
            f"sfumato pull {base.name}"
        )
    whole = path.suffix.lower() == ".safetensors" and any(key.startswith(WHOLE) for key in shapes)
    return base, "checkpoint" if whole else part


def _like_folder(path: Path, own: catalog.Own, like: str | None) -> Card:
    try:
        index = json.loads((path / INDEX).read_text(encoding="utf-8"))
        kind = str(index["_class_name"])
    except OSError as error:
        raise RequestError(f"{shown(str(path), LONG)} holds no {INDEX}, so it is no folder of diffusers") from error
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise UnreadableFile(f"{INDEX} in {shown(str(path), LONG)} does not say what the model is") from error
    if like is not None:
        return _of_class(own.card(like), kind)
    cards = [card for card in map(own.card, own.names()) if card.pipeline == kind]
    if len(cards) == 1:
        return cards[0]
    if not cards:
        raise RequestError(f"a {shown(kind)} is not painted with here: see sfumato models for what is")
    signed = [card for card in cards if card.signs]
    shapes = {name: shape for part in ("unet", "transformer") for name, shape in _folder_shapes(path / part).items()}
    return _like_shapes(shapes, own, None, path.name, signed or cards)[0]


def _of_class(card: Card, kind: str) -> Card:
    if card.pipeline != kind:
        raise RequestError(
            f"{card.name} is a {card.pipeline}, and the folder holds a {shown(kind)}: name another --like"
        )
    return card


def _folder_shapes(folder: Path) -> Shapes:
    return {name: shape for file in sorted(folder.glob("*.safetensors")) for name, shape in _shapes(file).items()}


def _like_shapes(
    shapes: Shapes, own: catalog.Own, like: str | None, what: str, cards: Collection[Card] | None = None
) -> tuple[Card, str]:
    """(the card whose signs are in a header, the part that they are of), the one with the most signs."""
    bare = {_bare(name): shape for name, shape in shapes.items()}
    everyone = [own.card(name) for name in own.names()] if cards is None else cards
    fitting: dict[str, tuple[int, str]] = {}
    for card in everyone:
        for sign in card.signs:
            if all(bare.get(name) == tuple(shape) for name, shape in sign.tensors.items()):
                fitting[card.name] = max(fitting.get(card.name, (0, "")), (len(sign.tensors), sign.part))
    if like is not None:
        asked = own.card(like)
        if (
            fitting
            and asked.name not in fitting
            and asked.pipeline not in {own.card(name).pipeline for name in fitting}
        ):
            raise RequestError(f"{shown(what)} is not like {like}, but like {' or '.join(sorted(fitting))}")
        part = next(iter(fitting.values()), (0, "transformer"))[1]
        return asked, part
    most = max((count for count, _ in fitting.values()), default=0)
    best = sorted(name for name, (count, _) in fitting.items() if count == most)
    if len(best) == 1:
        return own.card(best[0]), fitting[best[0]][1]
    if not best and cards is None:
        raise RequestError(f"{shown(what)} is like no model that is known here: say which with --like NAME")
    known = ", ".join(best or sorted(card.name for card in everyone)[:20])
    raise RequestError(f"{shown(what)} could be like {known}, which no header tells: say which with --like NAME")


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)), name)


def _other_than_a_model(shapes: Shapes) -> str | None:
    for what, ends in NO_MODEL.items():
        if any(name.endswith(ends) for name in shapes):
            return what
    return None


def _shapes(path: Path) -> Shapes:
    """Names and shapes of a file's tensors, its header checked."""
    if path.suffix.lower() == ".gguf":
        return gguf_shapes(path)
    tensors = mapped(path)
    return {name: tensors.shape(name) for name in tensors}


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
