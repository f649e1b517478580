"""The OpenAPI document is true: whatever it allows is answered as it says, and nothing is a fault of the server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.servers import Server

OURS = re.compile("^/(api/v1|health|ready|metrics|files)")


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that takes orders, and paints none."""
    server = Server(tmp_path_factory.mktemp("idle"), "--workers", "0")
    yield server
    server.stop()


@pytest.mark.timeout(300)
def test_every_answer_is_as_the_document_says(idle: Server):
    document = schemathesis.openapi.from_url(f"{idle.url}/openapi.json", timeout=120)
    asked = []
    for found in document.get_all_operations():
        operation = found.ok()
        if not OURS.match(operation.path) or operation.path.endswith("/events"):  # which would never end
            continue

        @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def answered(case: Any) -> None:
            case.call_and_validate(excluded_checks=[positive_data_acceptance])  # the model's card says more

        answered()
        asked.append(operation.path)
    assert len(asked) > 15
