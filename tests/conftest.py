"""For every test: a library of its own, no way to the network, and our own model, loaded once."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before a runtime loads

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfumato import catalog
from sfumato.engine.families import Model, families
from tests.servers import Server, hurried

HERE = {"localhost", "127.0.0.1", "::1", None, ""}
TESTS = Path(__file__).parent
SHARED = {"http": "server", "security": "server", "web": "web"}  # folders, and what their tests share


@pytest.hookimpl(tryfirst=True)  # before what reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares a server, or is of one file, runs in one process: what is costly to begin is begun once."""
    for item in items:
        path = item.path.relative_to(TESTS)
        item.add_marker(pytest.mark.xdist_group(SHARED.get(path.parts[0], str(path))))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's library is; also for the processes it starts."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SFUMATO_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Only this machine answers; whatever looks further fails its test."""

    def guarded(real: Any, host_of: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            host = host_of(*arguments)
            if host not in HERE:
                raise AssertionError(f"a test reached for {host!r} over the network")
            return real(*arguments, **options)

        return call

    def host(connection: socket.socket, address: Any) -> str | None:
        return None if connection.family == socket.AF_UNIX else address[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect, host))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex, host))
        patch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo, lambda name, *_: name))
        yield


@pytest.fixture(scope="session")
def pocket() -> Model:
    """Our own model, loaded."""
    return families["pocket"](catalog.card("pocket"), catalog.folder("pocket"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of a process, in few steps; none of them may leave it in another state."""
    server = Server(tmp_path_factory.mktemp("served"), begin=hurried)
    yield server
    assert server.stop() in {0, -15}
