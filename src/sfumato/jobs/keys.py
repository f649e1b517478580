"""API keys: who may ask, and how many of their jobs may wait.

A key is `sfu_<id>_<secret>`. Only the secret's sha256 is kept: with 256 bits of chance there is nothing to guess, so a
slow hash would only slow down every request.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import RowMapping, insert, select, update

from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.wording import shown
from sfumato.jobs.database import Database
from sfumato.jobs.tables import keys

OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Key:
    """A key without its secret. most_queued: jobs that may wait or run; None: as the settings say."""

    id: str
    owner: str
    most_queued: int | None
    created: float
    revoked: float | None


class Keys:
    """The keys of a database."""

    def __init__(self, database: Database):
        self._database = database

    def add(self, owner: str, most_queued: int | None = None) -> str:
        """A new key for a user, told only this once."""
        if not OWNER.fullmatch(owner):
            raise RequestError(f"user {shown(owner)} is no name for one: use letters, digits and . _ @ -, at most 64")
        if most_queued is not None and not 0 <= most_queued < 2**31:
            raise RequestError(f"{shown(most_queued)} jobs are no quota: give 0 or more")
        id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            created = self._database.now(connection)
            connection.execute(
                insert(keys).values(id=id, owner=owner, hash=_hash(secret), most_queued=most_queued, created=created)
            )
        return f"sfu_{id}_{secret}"

    def check(self, text: str) -> Key | None:
        """The key that this text is, if it is one that holds."""
        prefix, _, rest = text.partition("_")
        id, _, secret = rest.partition("_")
        wanted = select(keys).where(keys.c.id == (id if re.fullmatch("[0-9a-f]{8}", id, re.ASCII) else ""))
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
        known = row["hash"] if row is not None else "0" * 64  # an unknown id takes as long as a wrong secret
        right = hmac.compare_digest(known, _hash(secret))
        if row is None or not right or prefix != "sfu" or row["revoked"] is not None:
            return None
        return _key(row)

    def all(self) -> list[Key]:
        """Every key, the oldest first."""
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(select(keys).order_by(keys.c.created)).mappings()]

    def any(self) -> bool:
        """Whether there is a key that holds."""
        with self._database.reading() as connection:
            return connection.execute(select(keys.c.id).where(keys.c.revoked.is_(None)).limit(1)).first() is not None

    def revoke(self, id: str) -> None:
        """From now on the key opens nothing."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            still = keys.c.id == id, keys.c.revoked.is_(None)
            if not connection.execute(update(keys).where(*still).values(revoked=now)).rowcount:
                raise UnknownName(f"no key {shown(id)} that holds; see sfumato key ls")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _key(row: RowMapping) -> Key:
    return Key(row["id"], row["owner"], row["most_queued"], row["created"], row["revoked"])
