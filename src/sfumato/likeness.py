"""What a file or a folder of weights is like: its header is held against the signs of every card (Card.signs).

Names and shapes of tensors are all that is read.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.wording import LONG, shown
from sfumato.engine.weights.gguf import gguf_shapes
from sfumato.engine.weights.tensors import mapped
from sfumato.weights.models import INDEX, PICKLES, WEIGHTS

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

OF_WORDS = ("emb_params", "clip_l", "clip_g")
"""Names of tensors in files of textual inversion; diffusers names its one as the word itself."""

WITH_SCALES = (".scale_weight", ".weight_scale", "scaled_fp8", ".absmax", "bitsandbytes__nf4", ".qweight")
"""Ends of names where weights are kept in few bits with their scales beside: read without those, they paint nothing."""

Shapes = Mapping[str, tuple[int, ...]]
"""Of a header, by the names of its tensors."""


def is_lora(path: Path) -> bool:
    """Whether a file holds a LoRA, by its header."""
    try:
        return path.suffix.lower() == ".safetensors" and _other_than_a_model(_shapes(path)) == "a LoRA"
    except UnreadableFile:
        return False


def is_word(path: Path) -> bool:
    """Whether a file holds a word of one's own (textual inversion), by its header."""
    try:
        return path.suffix.lower() == ".safetensors" and any(map(_shapes(path).__contains__, OF_WORDS))
    except UnreadableFile:
        return False


def like_file(path: Path, own: catalog.Own, like: str | None) -> tuple[Card, str]:
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
    if any(name.endswith(WITH_SCALES) for name in shapes):
        raise RequestError(
            f"{shown(path.name)} keeps its weights in few bits with scales beside (scaled fp8, nf4 and the like), and "
            f"such are not read: fetch the model in bf16, in plain fp8 or as GGUF"
        )
    base, part = _like_shapes(shapes, own, like, path.name)
    if base.family == "pipeline":
        raise RequestError(
            f"{shown(path.name)} is like {base.name}, which is read from a folder of diffusers and not from one file: "
            f"sfumato pull {base.name}"
        )
    whole = path.suffix.lower() == ".safetensors" and any(key.startswith(WHOLE) for key in shapes)
    return base, "checkpoint" if whole else part


def like_folder(path: Path, own: catalog.Own, like: str | None) -> Card:
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
    """(the card whose signs are in a header, the part that they are of), the one with the most signs.

    like: the card that a person names; RequestError where no header could be both. what: the file, for messages.
    """
    everyone = [own.card(name) for name in own.names()] if cards is None else cards
    fitting = _fitting(shapes, everyone)
    if like is not None:
        return _as_asked(own.card(like), fitting, own, what)
    most = max((count for count, _ in fitting.values()), default=0)
    best = sorted(name for name, (count, _) in fitting.items() if count == most)
    if len(best) == 1:
        return own.card(best[0]), fitting[best[0]][1]
    if not best and cards is None:
        raise RequestError(f"{shown(what)} is like no model that is known here: say which with --like NAME")
    known = ", ".join(best or sorted(card.name for card in everyone)[:20])
    raise RequestError(f"{shown(what)} could be like {known}, which no header tells: say which with --like NAME")


def _fitting(shapes: Shapes, cards: Collection[Card]) -> dict[str, tuple[int, str]]:
    """(how many signs are in a header, the part that they are of), by the names of the cards whose signs they are."""
    bare = {_bare(name): shape for name, shape in shapes.items()}
    found: dict[str, tuple[int, str]] = {}
    for card in cards:
        for sign in card.signs:
            if all(bare.get(name) == tuple(shape) for name, shape in sign.tensors.items()):
                found[card.name] = max(found.get(card.name, (0, "")), (len(sign.tensors), sign.part))
    return found


def _as_asked(asked: Card, fitting: Mapping[str, tuple[int, str]], own: catalog.Own, what: str) -> tuple[Card, str]:
    """The card that a person named, unless what fits is all of another class of diffusers."""
    kinds = {own.card(name).pipeline for name in fitting}
    if fitting and asked.name not in fitting and asked.pipeline not in kinds:
        raise RequestError(f"{shown(what)} is not like {asked.name}, but like {' or '.join(sorted(fitting))}")
    usual = next((sign.part for sign in asked.signs), "transformer")
    return asked, next(iter(fitting.values()), (0, usual))[1]


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
