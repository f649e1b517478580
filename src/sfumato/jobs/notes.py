"""Notes: small things that are kept for a user by name, as the secret that their webhooks are signed with."""

from collections.abc import Callable

from sqlalchemy import delete, insert, select

from sfumato.jobs.database import Database
from sfumato.jobs.tables import notes


class Notes:
    """The notes of a database."""

    def __init__(self, database: Database):
        self._database = database

    def get(self, owner: str, name: str) -> str | None:
        """What is kept, None: nothing."""
        with self._database.reading() as connection:
            wanted = select(notes.c.value).where(notes.c.owner == owner, notes.c.name == name)
            return connection.execute(wanted).scalar_one_or_none()

    def put(self, owner: str, name: str, value: str | None) -> None:
        """Keep it in place of what was there; None: keep nothing."""
        with self._database.writing() as connection:
            connection.execute(delete(notes).where(notes.c.owner == owner, notes.c.name == name))
            if value is not None:
                connection.execute(insert(notes).values(owner=owner, name=name, value=value))

    def made(self, owner: str, name: str, make: Callable[[], str]) -> str:
        """What is kept; made first where there is nothing, once, however many ask."""
        if (kept := self.get(owner, name)) is not None:
            return kept
        with self._database.writing() as connection:
            connection.execute(
                self._database.insert(notes).values(owner=owner, name=name, value=make()).on_conflict_do_nothing()
            )
        return self.get(owner, name) or ""
