from collections.abc import Iterator

import pytest

from tests.servers import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of a process; none of them may leave it in another state."""
    server = Server(tmp_path_factory.mktemp("served"))
    yield server
    assert server.stop() in {0, -15}
