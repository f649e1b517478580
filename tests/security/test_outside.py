"""URLs that a request names lead only where anybody may go, and take no more time and room than was said."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sfumato.outside import NotFetched, Outside, is_public

PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::80ff:fffe",
    "::127.0.0.1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_for_everyone(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_that_are(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "127.1", "017700000001"]
)
def test_this_machine_is_not_asked_by_any_of_its_names(host: str):
    with pytest.raises(NotFetched):
        Outside(resolve=as_numbers).get(f"http://{host}/")


def as_numbers(host: str, port: int, **_: Any) -> list[Any]:
    """As the system resolves numbers in odd forms; no name is asked of the network."""
    address = host if ":" in host else "127.0.0.1" if host == "localhost" else socket.inet_ntoa(socket.inet_aton(host))
    return [(0, 0, 0, "", (address, port))]


NO_WEB = [
    "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "unix:/run/x", "//a.example", "http://",
    "http://u:p@a.example/", "http://a.example/\r\nX: y", "http://a b/", "data:,x", "http://a.example:99999/",
    "http://ä.example/", "javascript:alert(1)", "",
]  # fmt: skip


@pytest.mark.parametrize("url", NO_WEB)
def test_what_is_no_web_address_is_refused(url: str):
    with pytest.raises(NotFetched):
        Outside(resolve=as_numbers).get(url)


def test_nothing_is_fetched_where_that_is_switched_off():
    with pytest.raises(NotFetched, match="SFUMATO_FETCH=0"):
        Outside(enabled=False).get("http://8.8.8.8/")


Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A site on this machine, that answers as each test says."""

    def __init__(self) -> None:
        site = self
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.answers[self.path](self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return f"http://{self.place}{path}"


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def outside(site: Site, **options: Any) -> Outside:
    return Outside(allowed=[site.place], **{"seconds": 30.0, "most_bytes": 10_000, **options})


def test_a_place_that_is_allowed_is_fetched(site: Site):
    url = site.url("/a", sends(b"picture", Content_Type="image/png; x=y"))
    fetched = outside(site).get(url)
    assert (fetched.data, fetched.media_type) == (b"picture", "image/png")


def test_a_redirect_to_a_private_place_is_refused(site: Site):
    """On whichever hop it comes."""
    other = Site()
    end = other.url("/secret", sends(b"secret"))
    second = site.url("/second", sends(b"", 302, Location=end))
    first = site.url("/first", sends(b"", 307, Location=second))
    with pytest.raises(NotFetched, match="private address"):
        outside(site).get(first)
    assert (site.asked, other.asked) == (["/first", "/second"], [])
    with pytest.raises(NotFetched):
        outside(site).get(site.url("/file", sends(b"", 302, Location="file:///etc/passwd")))
    other.server.shutdown()


def test_a_name_that_leads_elsewhere_at_the_second_look_is_not_followed(site: Site):
    looks = iter(["8.8.8.8", "127.0.0.1"])
    asked = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(next(looks))
        return [(0, 0, 0, "", (asked[-1], port))]

    connected = []

    def connect(address: Any, *arguments: Any, **options: Any) -> Any:
        connected.append(address[0])
        raise OSError("no network in tests")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", connect)
        with pytest.raises(NotFetched):
            Outside(resolve=resolve).get("http://rebinding.example/")
    assert (asked, connected) == (["8.8.8.8"], ["8.8.8.8"])


def test_a_name_with_one_private_address_among_others_is_refused():
    both = lambda host, port, **_: [(0, 0, 0, "", (ip, port)) for ip in ("8.8.8.8", "10.0.0.1")]  # noqa: E731
    with pytest.raises(NotFetched, match="private"):
        Outside(resolve=both).get("http://two.example/")


def test_redirects_come_to_an_end(site: Site):
    url = site.url("/loop", lambda handler: sends(b"", 302, Location="/loop")(handler))
    with pytest.raises(NotFetched, match="more than 3 times"):
        outside(site).get(url)
    assert len(site.asked) == 4


def slowly(piece: bytes, head: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(head)
            while True:
                handler.wfile.write(piece)
                time.sleep(0.05)
        except OSError:
            return

    return answer


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_byte_now_and_then_is_not_waited_for(site: Site, head: bytes):
    since = time.monotonic()
    with pytest.raises(NotFetched, match="longer than 1 second"):
        outside(site, seconds=1.0).get(site.url("/slow", slowly(b"x", head)))
    assert time.monotonic() - since < 30


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"])
def test_an_endless_body_is_cut_off(site: Site, head: bytes):
    with pytest.raises(NotFetched, match="larger than"):
        outside(site).get(site.url("/endless", slowly(b"x" * 9000, head)))


def test_what_is_packed_is_not_unpacked(site: Site):
    bomb = gzip.compress(bytes(1_000_000))
    with pytest.raises(NotFetched, match="packs"):
        outside(site).get(site.url("/bomb", sends(bomb, Content_Encoding="gzip")))


def test_fewer_bytes_than_promised_are_an_error(site: Site):
    with pytest.raises(NotFetched):
        outside(site).get(site.url("/lies", sends(b"short", Content_Length="500", Connection="close")))


def test_other_answers_are_told(site: Site):
    with pytest.raises(NotFetched, match="answers 404"):
        outside(site).get(site.url("/gone", sends(b"", 404)))


def test_telling_follows_no_redirect(site: Site):
    target = site.url("/target", sends(b""))
    assert outside(site).post(site.url("/hook", sends(b"", 302, Location=target)), b"{}", {}) == 302
    assert site.asked == ["/hook"]
