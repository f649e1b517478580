"""A package of npm, brought by npm itself: `npm = "@scope/name"`. Its files lie under `package/`."""

import re
import shutil
from pathlib import Path

from pydantic import Field

from sfumato.weights.sources._archive import Archive


class Npm(Archive):
    npm: str = Field(pattern=r"^(@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*$")

    def __str__(self) -> str:
        return f"npm {self.npm} {self.version}"

    def command(self, place: Path) -> list[str]:
        npm = shutil.which("npm") or "npm"  # a script with an ending of its own on some systems
        quiet = ["--loglevel=error", "--ignore-scripts", "--no-update-notifier", "--cache", str(place.parent / "cache")]
        return [npm, "pack", *quiet, "--pack-destination", str(place), f"{self.npm}@{self.version}"]

    def reason(self, said: list[str]) -> str:
        """The first line that is words: codes come before it, advice after."""
        words = (found[1] for line in said if (found := re.match(r"npm error (?!code |errno |syscall )(.+)", line)))
        return next(words, "")


PART = Npm
