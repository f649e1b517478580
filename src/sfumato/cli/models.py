"""sfumato models: the catalogue."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sfumato.core.card import Card, Precision, Sizes


def command(
    name: Annotated[str | None, typer.Argument(help="One model, to see all of its card.")] = None,
    purpose: Annotated[
        str | None, typer.Option("--for", help='What it should be good for, as "readable text" or "speed".')
    ] = None,
    fits: Annotated[
        str | None, typer.Option(help="Memory that its weights may take in bf16, as 12GB; pictures take some more.")
    ] = None,
    commercial: Annotated[bool, typer.Option("--commercial", help="Only such as anyone may use for money.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Cards as JSON on stdout.")] = False,
) -> None:
    """List the models there are, or show one model's card: what it knows, what it takes, and its limits."""
    from sfumato.cli import _tables
    from sfumato.core.errors import RequestError
    from sfumato.studio import Studio

    studio = Studio()
    if name is None:
        cards = studio.models(purpose=purpose, bytes=_bytes(fits), commercial=commercial)
    else:
        cards = [studio.model(name)]
    if json:
        _tables.print_json(cards)
        return
    if not cards:
        raise RequestError("no model suits: say less with --for, give --fits more, or leave --commercial out")
    if name is None:
        here = studio.models_here()
        cards.sort(key=lambda card: card.name not in here)  # those that paint at once come first
        rows = [
            [c.name, "yes" if c.name in here else "no", c.about, _millions(c), _gigabytes(c), c.licence] for c in cards
        ]
        _tables.print_table(["model", "here", "what it is", "parameters", "memory in bf16", "licence"], rows)
        return
    (card,) = cards
    sizes, guidance = card.sizes, card.guidance
    rows = [
        ["what it is", card.about],
        ["knows", card.knows],
        ["lacks", card.lacks],
        ["best for", ", ".join(card.best_for)],
        ["licence", _licence(card)],
        ["parameters", _millions(card)],
        ["memory of the weights", _memory(card)],
        ["from", card.repository + (", gated" if card.gated else "") if card.repository else "inside the package"],
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
        ["LoRA", "yes" if card.adaptable else "no"],
        ["sampler, schedule", f"{card.sampler}, {card.schedule}"],
        ["styles", ", ".join(card.styles.names) if card.styles else "none"],
    ]
    _tables.print_table([card.title, ""], rows)


def _best(sizes: "Sizes") -> str:
    """What the model really paints, in words."""
    best = f"paints at {sizes.best}x{sizes.best}"
    return (
        f"{best}, other shapes as a square in the middle" if sizes.shape == "square" else f"{best} and shapes like it"
    )


def _millions(card: "Card") -> str:
    return "not known" if card.parameters is None else f"{card.parameters / 1e6:,.0f} M"


def _licence(card: "Card") -> str:
    use = "commercial use allowed" if card.commercial else "not for commercial use"
    if "commercial" in card.unknown or "licence" in card.unknown:
        use = "take it as not for commercial use until you have read its terms"
    return ", ".join(part for part in (card.licence, use, card.licence_note) if part)


def _gigabytes(card: "Card", precision: "Precision" = "bf16") -> str:
    weighs = card.memory(precision)
    if weighs is None:
        return "not known"
    return f"{weighs / 1e9:.1f} GB" if weighs >= 1e8 else f"{weighs / 1e6:.0f} MB"


def _memory(card: "Card") -> str:
    from sfumato.core.card import BYTES

    if card.memory("bf16") is None:
        return "not known"
    return ", ".join(f"{_gigabytes(card, precision)} at {precision}" for precision in BYTES)


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
