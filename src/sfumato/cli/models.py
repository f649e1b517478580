"""sfumato models: the catalogue."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sfumato.core.card import Card, Sizes


def command(
    name: Annotated[str | None, typer.Argument(help="One model, to see all of its card.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Cards as JSON on stdout.")] = False,
) -> None:
    """List the models there are, or show one model's card: what it knows, what it takes, and its limits."""
    from sfumato.cli import _tables
    from sfumato.studio import Studio

    studio = Studio()
    cards = studio.models() if name is None else [studio.model(name)]
    if json:
        _tables.print_json(cards)
        return
    if name is None:
        rows = [[c.name, c.about, _millions(c), c.licence] for c in cards]
        _tables.print_table(["model", "what it is", "parameters", "licence"], rows)
        return
    (card,) = cards
    sizes, guidance = card.sizes, card.guidance
    rows = [
        ["what it is", card.about],
        ["knows", card.knows],
        ["lacks", card.lacks],
        ["licence", card.licence + (", commercial use allowed" if card.commercial else ", not for commercial use")],
        ["parameters", _millions(card)],
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
