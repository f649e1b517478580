"""The one way out: every URL that a request may name is fetched, or told, through here.

What a name leads to is looked up once, every address is checked, and the connection goes to the address that was
checked; so a name that leads elsewhere at the second look (DNS rebinding), and a redirect to a private address, come to
nothing. Time and bytes are limited in all, not only between two packets.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore2

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown

REDIRECTS = 3
MOVED = {301, 302, 303, 307, 308}
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[..., list[Any]]
"""As socket.getaddrinfo."""


class NotFetched(RequestError):
    """A URL that leads where we do not go, or to nothing."""


@dataclass(frozen=True)
class Fetched:
    """What a URL gave."""

    data: bytes
    media_type: str


class Outside:
    """enabled: else every URL is refused. seconds, bytes: for one fetch in all, redirects included.

    allowed: private places that may be reached all the same, each as `host:port`. resolve: for tests.
    """

    def __init__(
        self,
        *,
        enabled: bool = True,
        seconds: float = 20,
        most_bytes: int = 32 * 2**20,
        allowed: Collection[str] = (),
        resolve: Resolve = socket.getaddrinfo,
    ):
        self._enabled, self._seconds, self._most_bytes = enabled, seconds, most_bytes
        self._allowed, self._resolve = {place.lower() for place in allowed}, resolve

    def get(self, url: str) -> Fetched:
        """The bytes behind a URL; NotFetched says why not."""
        until = time.monotonic() + self._seconds
        for _ in range(REDIRECTS + 1):
            parts = self.checked(url)
            status, headers, data = self._ask("GET", url, parts, {}, None, until)
            if status in MOVED and b"location" in headers:
                url = urljoin(url, headers[b"location"].decode("latin-1"))
                continue
            if status != 200:
                raise NotFetched(f"{_named(parts)} answers {status}: give a URL that can be read without signing in")
            if headers.get(b"content-encoding", b"identity").lower() != b"identity":
                raise NotFetched(f"{_named(parts)} packs what was asked for unpacked: give another URL, or the data")
            return Fetched(data, headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip())
        raise NotFetched(f"{shown(url, 100)} was sent on more than {REDIRECTS} times: give the last URL")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Tell a URL something; its status. Redirects are not followed."""
        parts = self.checked(url)
        status, _, _ = self._ask("POST", url, parts, headers, body, time.monotonic() + self._seconds)
        return status

    def permit(self, url: str) -> None:
        """NotFetched, if the URL is none that we may ever go to; whether anything answers there is not tried."""
        parts = self.checked(url)
        host = str(parts.hostname)
        if self._is_allowed(parts):
            return
        try:
            found = [row[4][0] for row in self._resolve(host, parts.port or 80, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError):
            return
        if not all(is_public(address) for address in found):
            raise NotFetched(f"{shown(host, 80)} leads to a private address: SFUMATO_FETCH_ALLOW names those to reach")

    def _is_allowed(self, parts: SplitResult) -> bool:
        return f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}[parts.scheme]}" in self._allowed

    def checked(self, url: str) -> SplitResult:
        """The URL's parts, if it is one that may be asked for; its host is looked up later."""
        if not self._enabled:
            raise NotFetched("URLs are not fetched here (SFUMATO_FETCH=0): send the data itself")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise NotFetched(f"{shown(url, 100)} is not a URL") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
            raise NotFetched(f"{shown(url, 100)} is not fetched: give an http:// or https:// URL, or the data itself")
        if parts.username is not None or not url.isascii() or not url.isprintable() or " " in url:
            raise NotFetched(f"{_named(parts)}: a URL is ASCII, without a user, spaces or control characters")
        return parts

    def _ask(
        self, method: str, url: str, parts: SplitResult, headers: Mapping[str, str], body: bytes | None, until: float
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        sent = {"Host": parts.netloc, "User-Agent": "sfumato", "Accept-Encoding": "identity", **headers}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        backend = _Checked(self._resolve, self._is_allowed(parts), until)
        name = _named(parts)
        try:
            with (
                httpcore2.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend) as pool,
                pool.stream(method, url.partition("#")[0], headers=list(sent.items()), content=body) as answer,
            ):
                said = {key.lower(): value for key, value in answer.headers}
                follows = answer.status != 200 or method == "POST"
                data = b"" if follows else self._read(answer.iter_stream(), name)
                return answer.status, said, data
        except httpcore2.TimeoutException as error:
            raise NotFetched(f"{name} took longer than {self._seconds:g} seconds: send the data itself") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            why = str(error).splitlines()[0].lower() if str(error) else type(error).__name__
            raise NotFetched(f"{name} could not be reached ({shown(why, 80)}): see whether the URL is right") from error

    def _read(self, chunks: Iterable[bytes], name: str) -> bytes:
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > self._most_bytes:
                raise NotFetched(f"what {name} sends is larger than {self._most_bytes >> 20} MB: make it smaller")
        return bytes(data)


def is_public(address: str) -> bool:
    """Whether an address is for everyone, whatever it wraps."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner: list[ipaddress.IPv4Address] = []
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [four for four in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if four is not None]
        if ip in NAT64:
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
    public = ip.is_global and not ip.is_multicast and not ip.is_reserved
    return (public or bool(inner and ip in NAT64)) and all(is_public(str(four)) for four in inner)


def _named(parts: SplitResult) -> str:
    """A URL's scheme and host: paths and queries may hold secrets."""
    return shown(f"{parts.scheme}://{parts.hostname}", 100)


class _Checked(httpcore2.SyncBackend):
    """Connects to addresses that were checked, and gives up when the time is over."""

    def __init__(self, resolve: Resolve, allowed: bool, until: float):
        self._resolve, self._any, self._until = resolve, allowed, until

    def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore2.NetworkStream:
        try:
            found = [row[4][0] for row in self._resolve(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError("there is no such host") from error
        if not self._any and not all(is_public(address) for address in found):
            raise NotFetched(f"{shown(host, 80)} leads to a private address: send the data itself")
        options["timeout"] = _left(self._until)
        return _Timed(super().connect_tcp(found[0], port, *arguments, **options), self._until)


class _Timed(httpcore2.NetworkStream):
    """A stream with one deadline for all it does."""

    def __init__(self, stream: httpcore2.NetworkStream, until: float):
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time is over")
    return left
