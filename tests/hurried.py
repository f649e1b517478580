"""`sfumato`, but that models ask for few steps where nobody says how many: for tests of all that is around them.

python tests/hurried.py WORDS
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfumato.core.card import Card

STEPS = 4


def hurry() -> None:
    """From now on, every card that this process reads."""
    from sfumato.core import card

    read = card.read_card

    def quick(path: Path) -> "Card":
        found = read(path)
        steps = found.steps.model_copy(update={"default": max(found.steps.low, min(found.steps.default, STEPS))})
        return found.model_copy(update={"steps": steps})

    card.read_card = quick


if __name__ == "__main__":
    hurry()
    from sfumato import cli

    cli.main()
