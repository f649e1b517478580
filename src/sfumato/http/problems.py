"""What went wrong, told to a program: a status, a kind, and one line that says what to do next."""

import logging
from dataclasses import dataclass, field

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from sfumato.core.errors import (
    Conflict,
    Forbidden,
    JobFailed,
    KeyReused,
    NoPicture,
    NotFound,
    RequestError,
    TooMany,
    UnreadableFile,
)
from sfumato.core.wording import shown
from sfumato.jobs.database import DatabaseAway

LOG = logging.getLogger("sfumato.http")


@dataclass(frozen=True)
class Problem:
    """status: HTTP's. kind: a short name that stays. detail: for a person. where: the wrong field, if one is."""

    status: int
    kind: str
    detail: str
    where: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


KINDS: list[tuple[type[Exception], int, str]] = [  # the first that fits
    (NotFound, 404, "not-found"),
    (KeyReused, 422, "idempotency-key-reused"),
    (Conflict, 409, "conflict"),
    (TooMany, 429, "too-many"),
    (Forbidden, 403, "forbidden"),
    (NoPicture, 415, "unsupported-media-type"),
    (UnreadableFile, 422, "unreadable-file"),
    (RequestError, 422, "invalid-request"),
    (DatabaseAway, 503, "database-away"),
    (JobFailed, 500, "job-failed"),
]
NAMES = {400: "bad-request", 401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
         413: "too-large", 415: "unsupported-media-type"}  # fmt: skip


def of_fields(problem: Problem) -> int:
    """The status where an API has one for every field that is not right: a file that is no picture is one, too."""
    return 422 if problem.status == 415 else problem.status


def problem_of(error: Exception) -> Problem:
    """Ours, the framework's, or one that nobody expected, which is told without what it holds."""
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        return Problem(error.status_code, NAMES.get(error.status_code, "error"), str(error.detail), None, headers)
    for kind, status, name in KINDS:
        if isinstance(error, kind):
            headers = {"Retry-After": str(error.wait)} if isinstance(error, TooMany) else {}
            return Problem(status, name, str(error), None, headers)
    LOG.error("a fault of ours", exc_info=error)
    return Problem(500, "internal", "something in Sfumato broke: the server's log says what")


def _invalid(error: RequestValidationError) -> Problem:
    """The first field that is not right, on one line."""
    first = error.errors()[0]
    place = [str(part)[:80] for part in first["loc"] if part not in {"body", "query", "path", "header"}]
    name = ".".join(place)
    if first["type"] == "json_invalid":
        return Problem(400, "bad-json", "the body is not JSON: send it as such")
    if first["type"] == "extra_forbidden":
        return Problem(422, "unknown-field", f"there is no field {shown(name)} here: leave it out", name)
    said = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    tail = "" if isinstance(given, dict | list | bytes) or first["type"] == "missing" else f", not {shown(given)}"
    text = f"{name or 'the request'}: {said[:1].lower()}{said[1:]}{tail}"
    return Problem(422, "invalid-request", text.encode(errors="replace").decode(), name or None)
