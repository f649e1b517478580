"""Longer prompts by rules: what a short prompt leaves open (light, view, mood) is chosen by the seed, and shown first.

The rules are data, in catalog/expansions, one file for each way of painting; a model's card says which is its own. No
language model is asked, and nothing that the prompt says already is said again.
"""

import re
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from sfumato import catalog
from sfumato.core.shelf import Named, Shelf


class Part(BaseModel):
    """What a prompt may leave open. unless: words of a prompt that has it; choices: what is added, one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unless: tuple[str, ...]
    choices: tuple[str, ...] = Field(min_length=1)


class Rules(Named):
    """most: parts that are added to a prompt."""

    most: int = 3
    parts: tuple[Part, ...]


rules: Shelf[Rules] = Shelf("expansion", Rules, Path(catalog.__file__).with_name("expansions"))


def expanded(prompt: str, seed: int, by: Rules) -> str:
    """The prompt, with what is chosen of the parts that it leaves open; the same seed chooses the same."""
    words = set(re.findall(r"[\w-]+", prompt.lower()))
    left_open = [part for part in by.parts if not words & set(part.unless)]
    taken = sorted(left_open, key=lambda part: _drawn(seed, part, "part"))[: by.most]
    added = [part.choices[_drawn(seed, part, "choice") % len(part.choices)] for part in left_open if part in taken]
    return ", ".join([prompt.rstrip(" ,.\n"), *added])


def _drawn(seed: int, part: Part, of: str) -> int:
    """A number that is the same on every machine, for ever."""
    return int.from_bytes(sha256("\n".join([str(seed), of, *part.choices]).encode()).digest()[:8])
