"""Whether a file is the one that was meant."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hexadecimal digits; OSError where it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
