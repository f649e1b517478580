"""Publishing: bytes get their name on the disk when they are all there, and never before.

They go into a temporary file in the same folder, are forced to the disk, and then get their name in one step: by a
hard link, which fails if the name is taken, or by a rename where overwriting was asked for.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from sfumato.core.errors import CannotWrite, OutputExists, RequestError
from sfumato.core.wording import LONG, cause, shown

NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}  # FAT, some network folders


def publish(data: bytes, path: Path, *, force: bool = False) -> Path:
    """Write a whole file and return its path; force: overwrite what stands there.

    Of many that publish the same path at once without force, one wins and the others get OutputExists.
    """
    with publishing(path, len(data), force=force) as temporary:
        _write(temporary, data)
    return path


@contextlib.contextmanager
def publishing(path: Path, size: int = 0, *, force: bool = False) -> Iterator[Path]:
    """A path in the same folder to write to, and to force to the disk; afterwards it gets its name. Raises as publish.

    size: bytes, as far as it is known, for what is said where there is no room.
    """
    check(path, force=force)
    temporary = path.with_name(f".sfumato-{secrets.token_hex(8)}.part")
    with _told_to_people(path, size):
        try:
            yield temporary
            if force:
                temporary.replace(path)
            else:
                _name_if_free(temporary, path)
            sync_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def check(path: Path, *, force: bool = False) -> None:
    """Raise what publishing would raise, as far as that shows beforehand."""
    if "\0" in str(path):
        raise RequestError(f"{shown(str(path), LONG)} holds a NUL, which no path can: choose another --out")
    with _told_to_people(path, 0):
        if path.is_dir() or not path.name:
            raise RequestError(f"{shown(str(path), LONG)} is a folder: add a file name to --out")
        if not force and os.path.lexists(path):
            raise OutputExists(_taken(path))
        if not os.access(path.parent, os.W_OK):
            path.parent.stat()  # a missing folder says so itself
            raise PermissionError(errno.EACCES, "no right")


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb", buffering=0) as file:
        left = memoryview(data)
        while left:  # the system may take a part at a time
            left = left[file.write(left) :]
        os.fsync(file.fileno())


def _name_if_free(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))  # holds the name; empty until the next line
        try:
            temporary.replace(path)
        except BaseException:
            path.unlink()
            raise


def _taken(path: Path) -> str:
    return f"{shown(str(path), LONG)} is there already: add --force to overwrite, or choose another --out"


@contextlib.contextmanager
def _told_to_people(path: Path, size: int) -> Iterator[None]:
    """The system's errors as ours, one line each."""
    name, folder = shown(str(path), LONG), shown(str(path.parent), LONG)
    try:
        yield
    except FileExistsError as error:
        raise OutputExists(_taken(path)) from error
    except UnicodeEncodeError as error:
        raise RequestError(f"{name} has letters that no path can have: choose another --out") from error
    except OSError as error:
        match error.errno:
            case errno.ENOENT:
                raise CannotWrite(f"there is no folder {folder}: make it first, or choose another --out") from error
            case errno.ENOTDIR:
                raise CannotWrite(f"{folder} is not a folder: choose another --out") from error
            case errno.ENAMETOOLONG:
                raise RequestError(f"{name} is too long a name for a file: shorten --out") from error
            case errno.EACCES | errno.EPERM:
                raise CannotWrite(f"no right to write in {folder}: change it, or choose another --out") from error
            case errno.EROFS:
                raise CannotWrite(f"{folder} can only be read: choose an --out on another disk") from error
            case errno.ENOSPC | errno.EDQUOT:
                raise CannotWrite(
                    f"no room for {name} ({size // 1000 + 1} kB): free some space or choose another --out"
                ) from error
            case errno.EFBIG:
                raise CannotWrite(
                    f"{name} ({size // 1000 + 1} kB) is larger than files may be here: raise the limit (ulimit -f) "
                    f"or choose another --out"
                ) from error
            case _:
                raise CannotWrite(f"{name} could not be written ({cause(error)}): choose another --out") from error
