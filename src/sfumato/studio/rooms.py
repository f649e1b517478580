"""What the studio has: its library, queue and database, and the pictures that are held to begin with."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sfumato.settings import Settings
from sfumato.wiring import Parts

if TYPE_CHECKING:
    from sfumato.edits import Source
    from sfumato.health import Finding
    from sfumato.jobs.database import Database
    from sfumato.jobs.files import Files
    from sfumato.jobs.keys import Keys
    from sfumato.jobs.notes import Notes
    from sfumato.jobs.queue import Queue
    from sfumato.jobs.webhooks import Webhooks
    from sfumato.library import Library
    from sfumato.tidying import Tidied


class Rooms:
    """Where things are kept. settings: None reads the environment."""

    def __init__(self, settings: Settings | None = None):
        self._parts = Parts(settings)

    def hold(self, source: "Source") -> str:
        """Keep a picture, or a file, to begin with; its sha256 is what an Order's `start` and `mask` name."""
        from sfumato.edits import opened

        return self._parts.inputs.keep(opened(source).image)

    def held(self, digest: str) -> Image.Image:
        """The kept picture of a sha256, RGBA, not to be changed; RequestError if it is not here."""
        return self._parts.inputs(digest)

    def held_file(self, digest: str) -> bytes:
        """The same as a PNG file."""
        return self._parts.inputs.file(digest)

    @property
    def queue(self) -> "Queue":
        """The jobs: see, cancel, pause, resume, retry."""
        return self._parts.queue

    @property
    def library(self) -> "Library":
        """The pictures that are kept: find, fetch, tag, rate."""
        return self._parts.library

    @property
    def keys(self) -> "Keys":
        """Who may use the server."""
        return self._parts.keys

    @property
    def webhooks(self) -> "Webhooks":
        """Who is told what becomes of jobs."""
        return self._parts.webhooks

    @property
    def notes(self) -> "Notes":
        """Small things that are kept for a user by name."""
        return self._parts.notes

    @property
    def files(self) -> "Files":
        """What users uploaded to begin with, by an id."""
        return self._parts.files

    @property
    def database(self) -> "Database":
        """Where jobs and keys are."""
        return self._parts.database

    def back_up(self, path: str | Path, *, force: bool = False) -> Path:
        """Everything that cannot be had again, in one file (backup.py), while all goes on; returns its path."""
        from sfumato.backup import back_up

        return back_up(self.library.home, self.database, Path(path), force=force)

    def restore(self, path: str | Path, *, force: bool = False) -> int:
        """Bring back what a backup holds; how many pictures there are then. force: also where there are some already.

        Nothing else may run on this home meanwhile.
        """
        from sfumato.backup import restore

        return restore(self._parts.settings.home, self.database, Path(path), force=force)

    def tidy(self, *, trash_days: float | None = None, look: bool = False) -> "Tidied":
        """Delete what nobody needs any more (tidying.py). look: only say what that would be."""
        from sfumato.tidying import tidy

        parts = self._parts
        return tidy(parts.library, parts.inputs, parts.queue, parts.files, trash_days=trash_days, look=look)

    def examine(self) -> "list[Finding]":
        """What this machine can run, what is missing, and the command that mends it."""
        from sfumato.health import examine

        return examine(self._parts.settings.home)
