"""The same tests over SQLite and PostgreSQL. A cluster of our own is started where Debian's postgresql is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sfumato.jobs.database import Database

# the system keeps what was written when the server is killed; no test of ours cuts the power
HASTY = "-c fsync=off -c full_page_writes=off"


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs; Debian keeps it out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    path = shutil.which("pg_ctl")
    return Path(path).resolve().parent if path else None


class Cluster:
    """A PostgreSQL server with nothing in it, on a free port of this machine."""

    def __init__(self, folder: Path, bin: Path):
        self.data, self.bin = folder / "data", bin
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.count = 0
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "sfumato", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.data} -c max_connections=200 {HASTY}"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data.parent / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def new(self) -> str:
        """The URL of a database that is empty."""
        self.count += 1
        name = f"sfumato{self.count}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "sfumato", name)
        return f"postgresql://sfumato@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        line = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            line = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *line]
        done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if (bin := programs()) is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="sfumato-pg-"))
    cluster = Cluster(folder, bin)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    return request.getfixturevalue("cluster").new()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(url: str, clock: Callable[[], float]) -> Iterator[Database]:
    made = Database(url, clock)
    yield made
    made.close()
