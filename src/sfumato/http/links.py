"""Links to pictures that programs open without a key: signed, and for an hour.

What is signed is all that the link says; so a link to one picture, in one form, opens nothing else.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi import Request

from sfumato.core.errors import Forbidden

SECONDS = 3600
PREFIX = "/files"


def root_of(request: Request) -> str:
    """This server's address, by the name that a request was made to: `http://127.0.0.1:7860`."""
    return str(request.base_url).rstrip("/")


class Links:
    """secret: of this server; whoever knows it can make links."""

    def __init__(self, secret: str | None = None, seconds: int = SECONDS):
        self._secret = (secret or secrets.token_hex(32)).encode()
        self._seconds = seconds

    def to(self, request: Request, picture: int, format: str, quality: int | None = None) -> str:
        """An absolute URL, by the name that the request was made to."""
        return self.under(root_of(request), picture, format, quality)

    def under(self, root: str, picture: int, format: str, quality: int | None = None) -> str:
        """The same where there is no request; root: this server's address, as root_of gives it."""
        until, name = int(time.time()) + self._seconds, f"{picture}.{format}"
        query = {"until": until, "sign": self._sign(name, quality, until)}
        if quality is not None:
            query["quality"] = quality
        return f"{root}{PREFIX}/{name}?{urlencode(query)}"

    def check(self, name: str, quality: int | None, until: int, sign: str) -> None:
        """Forbidden, if the link was not made here or is too old."""
        right = hmac.compare_digest(self._sign(name, quality, until).encode(), sign.encode(errors="replace"))
        if not right or until < time.time():
            raise Forbidden("this link is not valid, or not any more: ask for the picture again")

    def check_query(self, name: str, query: Mapping[str, Sequence[str]]) -> None:
        """The same, of a link's query as urllib.parse.parse_qs reads it."""
        try:
            until, (quality,) = int(query["until"][0]), query.get("quality", [None])
            self.check(name, None if quality is None else int(quality), until, query["sign"][0])
        except (KeyError, ValueError) as error:
            raise Forbidden("this link is not whole: ask for the picture again") from error

    def _sign(self, name: str, quality: int | None, until: int) -> str:
        return hmac.new(self._secret, f"{name} {quality} {until}".encode(), hashlib.sha256).hexdigest()
