"""Run the server: a socket, the app, and a supervised worker."""

import ipaddress
import signal
import socket
from types import FrameType

import uvicorn

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown
from sfumato.http.app import create_app
from sfumato.http.crew import Crew
from sfumato.http.desk import Desk
from sfumato.http.hub import Hub
from sfumato.http.logs import Log
from sfumato.settings import Settings
from sfumato.studio import Studio

GRACE = 5  # seconds for answers that are under way when the server stops
KEEP_ALIVE = 75  # seconds that an idle connection stays: longer than clients keep one, who would meet its end


def serve(settings: Settings, host: str, port: int, *, workers: int = 1) -> None:
    """Serve until stopped. host beyond this machine: RequestError if there is no key. port: 0 takes a free one."""
    studio = Studio(settings)
    beyond = not is_loopback(host)
    if beyond and not settings.key and not studio.keys.any():
        raise RequestError(
            f"{shown(host)} is open to others, and there is no key: make one with sfumato key add NAME, "
            "or leave --host out to serve this machine alone"
        )
    log = Log()
    listening = listen(host, port)
    crew = Crew(studio, settings, workers, log)
    app = create_app(Desk(studio, crew.hub, settings, crew=crew), beyond=beyond, log=log)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=GRACE, timeout_keep_alive=KEEP_ALIVE, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it is done: we are not done then
        signal.signal(number, lambda number, frame: None)
    name = f"[{host}]" if ":" in host else host
    with crew:
        log(listening=f"http://{name}:{listening.getsockname()[1]}")
        Server(config, crew.hub).run(sockets=[listening])


class Server(uvicorn.Server):
    """Lets those who read events go first, or stopping would wait for them."""

    def __init__(self, config: uvicorn.Config, hub: Hub):
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._hub.close()
        super().handle_exit(sig, frame)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; RequestError says why it cannot."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise RequestError(f"cannot listen on {shown(host)} port {port} ({why}): choose another --port") from error
    return listening
