"""Where errands are kept: a folder each, `ID/errand.json` and the files that came with it."""

import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sfumato.core.errors import CannotWrite, Conflict, NotFound
from sfumato.core.wording import cause, shown
from sfumato.errands import Errand
from sfumato.exports.publish import publish

FILE = "errand.json"
MOST_ENDED = 30  # that are remembered
WAIT = 0.5  # seconds between two looks whether another server is gone


class Shelf:
    """A folder of errands, which need not be there."""

    def __init__(self, folder: Path):
        self._folder = folder

    def make(self, kind: str, name: str, wish: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> Errand:
        """A new one, not yet kept, with files by their path in its folder."""
        now = time.time()
        errand = Errand(id=f"{int(now * 1000):012x}{secrets.token_hex(4)}", kind=kind, name=name, wish=dict(wish),
                        created=now)  # fmt: skip
        try:
            self.place(errand.id).mkdir(parents=True)
            for path, data in (files or {}).items():
                target = self.place(errand.id) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        except OSError as error:
            self.drop(errand.id)
            raise CannotWrite(
                f"{shown(str(self._folder))} cannot be written ({cause(error)}): free some space"
            ) from error
        return errand

    def place(self, id: str) -> Path:
        """An errand's own folder."""
        return self._folder / id

    def keep(self, errand: Errand) -> Errand:
        """Write down how it stands now."""
        publish(errand.model_dump_json().encode(), self.place(errand.id) / FILE, force=True)
        return errand

    def all(self) -> list[Errand]:
        """Every one, the oldest first; one that cannot be read is left out."""
        found = []
        for path in sorted(self._folder.glob(f"*/{FILE}")):
            try:
                found.append(Errand.model_validate_json(path.read_bytes()))
            except (OSError, ValidationError):
                continue
        return found

    def get(self, id: str) -> Errand:
        """NotFound if there is none."""
        try:
            return Errand.model_validate_json((self.place(id) / FILE).read_bytes())
        except (OSError, ValidationError) as error:
            raise NotFound(f"no errand {shown(id)}: see GET /api/v1/errands") from error

    def remove(self, id: str) -> Errand:
        """Forget one that has ended, with its files; Conflict while it is open."""
        errand = self.get(id)
        if errand.is_open:
            raise Conflict(f"errand {id} is {errand.state}: cancel it first")
        self.drop(id)
        return errand

    def drop(self, id: str) -> None:
        """Delete its folder, whatever is in it."""
        shutil.rmtree(self.place(id), ignore_errors=True)

    @contextmanager
    def held(self, given_up: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Waits until no other server does what lies here; False where that is given up, or there is no folder."""
        try:
            from fcntl import LOCK_EX, LOCK_NB, flock
        except ImportError:  # not on this system: two servers of one home then do things twice
            yield True
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".lock").open("wb")
        except OSError:
            yield False
            return
        with lock:
            while not given_up():
                try:
                    flock(lock, LOCK_EX | LOCK_NB)
                except BlockingIOError:
                    time.sleep(WAIT)
                    continue
                yield True
                return
        yield False

    def tidy(self) -> None:
        """Forget the oldest of those that ended, beyond a few."""
        ended = [errand for errand in self.all() if not errand.is_open]
        for errand in ended[:-MOST_ENDED]:
            self.drop(errand.id)
