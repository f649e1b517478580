"""The gate: what a request must show before any route sees it, and the headers that every answer carries.

Host: a name that leads here by somebody else's DNS is not ours (rebinding). Origin: a page of another site must not
use a browser's way to this machine. Key: where one is set, or the server is open beyond this machine, nothing is
answered without it but the two questions whether the server lives.
"""

import base64
import binascii
import hmac
import ipaddress
import math
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfumato.http.desk import Caller
from sfumato.http.problems import Problem
from sfumato.jobs.keys import Keys

OPEN = {"/health", "/ready"}
SIGNED = "/files/"  # these links are their own key
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
KNOWN = 0.25  # seconds for which it is known whether a key is needed: a page asks for many files at once
SAFE_NAVIGATION = {"GET", "HEAD"}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Gate:
    """ASGI middleware. master: a key that may see everything. needs_key: whether there must be one.

    hosts, origins: names and origins that are let in beyond our own. refuse: a problem as the path's API says it.
    log: is told of each request, by names. count: is told its path, method, status and seconds until the answer began.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        master: str = "",
        needs_key: Callable[[], bool] = lambda: False,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        refuse: Callable[[str, Problem], ASGIApp],
        log: Callable[..., None] = lambda **fields: None,
        count: Callable[[str, str, int, float], None] = lambda *seen: None,
    ):
        self._app, self._keys, self._master, self._needs_key = app, keys, master, needs_key
        self._hosts = {"localhost", socket.gethostname().lower(), *(host.lower() for host in hosts)}
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._refuse, self._log, self._count = refuse, log, count
        self._needed, self._looked = True, -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        since, status, headers, path = time.perf_counter(), 0, Headers(scope=scope), scope["path"]
        given = headers.get("x-request-id", "")  # of a proxy before us
        id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        method, state = scope.get("method", ""), scope.setdefault("state", {})

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._count(path, method, status, time.perf_counter() - since)
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = id
            await send(message)

        problem = self._foreign(headers, scope) or await self._identify(headers, scope)
        try:
            if problem is None:
                await self._app(scope, receive, with_headers)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": problem.detail[:100]})
            else:
                await self._refuse(path, problem)(scope, receive, with_headers)
        finally:
            seconds = round(time.perf_counter() - since, 4)
            user = state["caller"].owner if "caller" in state else ""
            of = {name: value for name, value in {"user": user, "job": state.get("job")}.items() if value}
            self._log(request=id, method=method, path=path, status=status, seconds=seconds, **of)

    def _foreign(self, headers: Headers, scope: Scope) -> Problem | None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or not self._is_ours(host):
            return Problem(403, "forbidden", "this server does not go by that Host name: add it with --allow-host")
        origin = headers.get("origin")
        if origin is not None:
            own = {f"{scheme}://{host}".lower() for scheme in ("http", "https")}
            if origin.lower() not in own | self._origins:
                return Problem(403, "forbidden", "requests from pages of other sites are not taken: see --allow-origin")
        elif headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            navigates = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") in SAFE_NAVIGATION
            if not navigates:
                return Problem(403, "forbidden", "requests from pages of other sites are not taken: see --allow-origin")
        return None

    def _is_ours(self, host: str) -> bool:
        """Names are checked against those we know; a bare address cannot be a name of somebody else's."""
        name = urlsplit(f"//{host}").hostname if host.isascii() and "@" not in host and "/" not in host else None
        if name is None:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts
        return True

    async def _identify(self, headers: Headers, scope: Scope) -> Problem | None:
        given = key_in(headers)
        caller: Caller | None = None
        if given and self._master and hmac.compare_digest(given.encode(), self._master.encode()):
            caller = Caller()
        elif given and (key := await run_in_threadpool(self._keys.check, given)) is not None:
            caller = Caller(key.owner, key.owner, key.most_queued)
        elif scope["path"] in OPEN or scope["path"].startswith(SIGNED) or not await self._is_key_needed():
            caller = Caller()
        if caller is None:
            said = "that API key is not known here" if given else "this needs an API key"
            realm = {"WWW-Authenticate": 'Basic realm="sfumato"'}  # Chromium asks nobody where Bearer stands behind it
            return Problem(
                401, "unauthorized", f"{said}: make one with sfumato key add, send it as Bearer", None, realm
            )
        scope.setdefault("state", {})["caller"] = caller
        return None

    async def _is_key_needed(self) -> bool:
        now = time.monotonic()
        if now - self._looked > KNOWN:
            self._needed = await run_in_threadpool(self._needs_key)
            self._looked = now
        return self._needed


def key_in(headers: Headers) -> str:
    """The key, wherever this client puts it: Bearer, Token, Key, the password of Basic, X-Key, Api-Key or X-Api-Key."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    value = value.strip()
    if kind.lower() in {"bearer", "token", "key"}:
        return value
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return next((headers[name] for name in ("x-key", "api-key", "x-api-key") if name in headers), "")
