"""Style presets: words for a look that any model may know, one TOML file each in `styles/`.

(The styles on a card are others: words that this one model has learned with.) To add one, add a file here, or in the
folder `styles` of SFUMATO_HOME.
"""

from pathlib import Path

from pydantic import field_validator

from sfumato.core.shelf import Named, Shelf


class StylePreset(Named):
    """prompt: what is read instead, the prompt standing in it as `{prompt}`. negative: added to the negative prompt."""

    prompt: str
    negative: str = ""

    @field_validator("prompt")
    @classmethod
    def _holds_the_prompt(cls, words: str) -> str:
        if words.count("{prompt}") != 1:
            raise ValueError("{prompt} has to stand in it, once")
        return words

    def read(self, prompt: str) -> str:
        """The prompt in this style."""
        return self.prompt.replace("{prompt}", prompt)


def style_presets(own: Path | None = None) -> Shelf[StylePreset]:
    """Ours, and those in a person's own folder."""
    return Shelf("style preset", StylePreset, Path(__file__).with_name("styles"), own)
