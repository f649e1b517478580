"""sfumato models: the catalogue."""

import re
from math import ceil
from typing import TYPE_CHECKING, Annotated

import typer

from sfumato.cli._options import one_of

if TYPE_CHECKING:
    from sfumato.core.card import About, Card, Elsewhere, Sizes
    from sfumato.core.listing import Listing
    from sfumato.core.precision import Precision

KINDS = ["paint", "edit", "control", "reference", "upscale", "video"]


def command(
    name: Annotated[str | None, typer.Argument(help="One model, to see all of its card.")] = None,
    purpose: Annotated[
        str | None, typer.Option("--for", help='What it should be good for, as "readable text" or "speed".')
    ] = None,
    fits: Annotated[
        str | None, typer.Option(help="Memory of a GPU that it and a picture fit in, as 12GB; how is in the list.")
    ] = None,
    commercial: Annotated[bool, typer.Option("--commercial", help="Only such as anyone may use for money.")] = False,
    kind: Annotated[str | None, one_of(KINDS, f"Only of this kind. One of: {', '.join(KINDS)}.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Cards as JSON on stdout.")] = False,
) -> None:
    """List the models there are, or show one model's card: what it knows, what it takes, and its limits.

    Kinds: paint (pictures out of words), edit (a picture, changed). The others are not painted with by themselves, and
    are listed only where one asks for them: control, reference, upscale, video.
    """
    from sfumato.cli import _tables
    from sfumato.cli._progress import say
    from sfumato.core.errors import RequestError
    from sfumato.core.registry import unknown
    from sfumato.studio import Studio

    studio = Studio()
    if name is not None:
        one = studio.described(name)
        _show(one, json, studio.told_place(name) if one.kinds & {"paint", "edit"} else None)
        return
    if kind is not None and kind not in KINDS:
        raise unknown("kind of model", kind, KINDS)
    bytes = _bytes(fits)
    wish = {"purpose": purpose, "bytes": bytes, "commercial": commercial, "kind": kind}
    cards: list[About] = [*studio.models(**wish)]
    listings: list[About] = [*studio.listings(**wish)]
    found = cards if kind is None else cards + listings
    if json:
        _tables.print_json(found)
        return
    if not found and not listings:
        likely = [*studio.models(**{**wish, "bytes": None}), *studio.listings(**{**wish, "bytes": None})]
        raise RequestError(_nothing(likely))
    here = studio.models_here()
    found.sort(key=lambda one: one.name not in here)  # those that are here come first
    rows = [
        [one.name, "yes" if one.name in here else "no", one.about, _millions(one), _gigabytes(one), one.licence]
        for one in found
    ]
    names = ["model", "here", "what it is", "parameters", "memory in bf16", "licence"]
    if bytes is not None:
        names.append(f"in {fits}")
        rows = [[*row, str(one.way(bytes))] for row, one in zip(rows, found, strict=True)]
        say("nf4: set SFUMATO_PRECISION=nf4; readers wait: what reads prompts is in the computer's memory meanwhile")
    _tables.print_table(names, rows)
    if kind is None and listings:
        kinds = sorted({kind for one in listings for kind in one.kinds})
        say(f"{len(listings)} more suit, not to paint with by themselves: --kind {', '.join(kinds)}")


def _nothing(larger: "list[About]") -> str:
    """What to do where no model suits; larger: those that would, were there more memory."""
    from sfumato.core.precision import WAYS

    known = [(takes, str(way), one.name) for one in larger for way in WAYS if (takes := one.wants(way)) is not None]
    if not known:
        return "no model suits: say less with --for, or leave --commercial or --kind out"
    takes, way, least = min(known)
    return (
        f"no model suits: give --fits {ceil(takes / 1e8) / 10:.1f}GB for {least} ({way}), "
        f"say less with --for, or leave --commercial or --kind out"
    )


def _show(one: "Card | Listing", json: bool, here: str | None) -> None:
    """here: how this machine would have it; None: of what is not painted with."""
    from sfumato.cli import _tables
    from sfumato.core.card import Card

    if json:
        _tables.print_json([one.model_dump(mode="json") | ({} if here is None else {"here": here})])
        return
    first = [
        ["what it is", one.about],
        ["kind", ", ".join(sorted(one.kinds))],
        ["knows", one.knows],
        ["lacks", one.lacks],
        ["best for", ", ".join(one.best_for)],
        ["licence", _licence(one)],
        ["parameters", _millions(one)],
        ["memory of the weights", _memory(one)],
        *([] if here is None else [["on this machine", here]]),
        ["from", _source(one) if one.repository else "inside the package"],
        *(["its " + part, _source(there)] for part, there in one.elsewhere.items()),
    ]
    own = _of_card(one) if isinstance(one, Card) else _of_listing(one)
    _tables.print_table([one.title, ""], [*first, *own])


def _source(one: "About | Elsewhere") -> str:
    """Where it is pulled from."""
    return f"{one.repository}{', gated' if one.gated else ''}"


def _of_card(card: "Card") -> list[list[str]]:
    sizes, guidance = card.sizes, card.guidance
    return [
        ["does", ", ".join(card.operations)],
        ["steps", f"{card.steps.low:g} to {card.steps.high:g}, usually {card.steps.default:g}"],
        [
            "guidance",
            f"{guidance.low:g} to {guidance.high:g}, usually {guidance.default:g} ({card.guidance_kind})",
        ],
        [
            "sizes",
            f"{sizes.low} to {sizes.high} a side, multiples of {sizes.multiple}; {_best(sizes)}",
        ],
        ["negative prompt", "yes" if card.text.negative else "no"],
        ["LoRA", "yes" if card.loras else "no"],
        ["sampler, schedule", f"{card.sampler}, {card.schedule}"],
        ["styles", ", ".join(card.styles.names) if card.styles else "none"],
    ]


def _of_listing(one: "Listing") -> list[list[str]]:
    steps = f"usually {one.steps.default:g}" if one.steps else ""
    guidance = f"usually {one.guidance.default:g}" if one.guidance else ""
    more = {
        "does": ", ".join(one.operations), "goes with": ", ".join(one.goes_with), "class of diffusers": one.pipeline,
        "sizes": one.sizes, "pictures of a film": one.frames, "steps": steps, "guidance": guidance,
    }  # fmt: skip
    painted = ["painted with", f"not by itself: {one.use}"]
    return [painted, *([what, said] for what, said in more.items() if said)]


def _best(sizes: "Sizes") -> str:
    """What the model really paints, in words."""
    best = f"paints at {sizes.best}x{sizes.best}"
    return (
        f"{best}, other shapes as a square in the middle" if sizes.shape == "square" else f"{best} and shapes like it"
    )


def _millions(one: "About") -> str:
    return "not known" if one.parameters is None else f"{one.parameters / 1e6:,.0f} M"


def _licence(one: "About") -> str:
    use = "commercial use allowed" if one.commercial else "not for commercial use"
    if "commercial" in one.unknown or "licence" in one.unknown:
        use = "take it as not for commercial use until you have read its terms"
    return ", ".join(part for part in (one.licence, use, one.licence_note) if part)


def _gigabytes(one: "About", precision: "Precision" = "bf16") -> str:
    weighs = one.memory(precision)
    if weighs is None:
        return "not known"
    return f"{weighs / 1e9:.1f} GB" if weighs >= 1e8 else f"{weighs / 1e6:.0f} MB"


def _memory(one: "About") -> str:
    from sfumato.core.precision import TOLD

    if one.memory("bf16") is None:
        return "not known"
    return ", ".join(f"{_gigabytes(one, precision)} at {precision}" for precision in TOLD)


UNITS = {"mb": 1e6, "mib": 2**20, "gb": 1e9, "gib": 2**30}


def _bytes(size: str | None) -> float | None:
    """12GB, 12 GiB or 800MB as bytes."""
    from sfumato.core.errors import RequestError

    if size is None:
        return None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?) ?(gb|gib|mb|mib)", size.strip().lower())
    if not found:
        raise RequestError(f"--fits {size[:40]!r} is not an amount of memory: write it as 12GB")
    return float(found[1]) * UNITS[found[2]]
