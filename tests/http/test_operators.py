"""What those who run a server see of it: metrics, and a log that tells which request made which job."""

import json
import time
from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.servers import Server


def metrics(server: Server) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation and family.type != "unknown" for family in families)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def logged(server: Server, right: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The first line of the log that is right, as soon as it is there."""
    give_up = time.monotonic() + 90
    while True:
        for line in [json.loads(line) for line in server.lines if line.startswith("{")]:
            if right(line):
                return line
        assert time.monotonic() < give_up, server.lines
        time.sleep(0.05)


def test_metrics_are_counted(server: Server):
    last = server.order(priority="bulk")["id"]  # behind whatever another test left to be painted
    logged(server, lambda line: line.get("job") == last and line.get("state") == "done")
    before = metrics(server)
    job = server.order(n=2)["id"]
    server.ended(job)
    server.client.request("BREW", "/api/v1/jobs/nothing")
    logged(server, lambda line: line.get("job") == job and line.get("state") == "done")
    after = metrics(server)

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0)

    assert grown("sfumato_jobs", state="done") == 1
    assert grown("sfumato_pictures") == 2
    assert grown("sfumato_http_requests_total", api="/api/v1", method="POST", status="201") == 1
    assert grown("sfumato_http_requests_total", api="/api/v1", method="other", status="405") == 1
    assert grown("sfumato_job_seconds_count", state="done") == 1
    assert grown("sfumato_job_wait_seconds_count") == 1
    assert grown("sfumato_http_answer_seconds_count", api="/api/v1") >= 2
    assert (after["sfumato_workers", ()], after["sfumato_worker_restarts_total", ()]) == (1, 0)
    assert after["process_resident_memory_bytes", ()] > 10**7


def test_the_log_tells_which_request_made_which_job_and_no_prompt(server: Server):
    answer = server.client.post(
        "/api/v1/orders",
        json={"prompt": "a very secret wish", "width": 64, "height": 64, "steps": 1, "guidance": 1},
        headers={"X-Request-Id": "proxy-1.2_3"},
    )
    assert answer.headers["x-request-id"] == "proxy-1.2_3"
    job = answer.json()["id"]
    line = logged(server, lambda line: line.get("request") == "proxy-1.2_3")
    assert (line["job"], line["method"], line["path"], line["status"]) == (job, "POST", "/api/v1/orders", 201)
    for state in ("queued", "running", "done"):
        logged(server, lambda line, state=state: line.get("job") == job and line.get("state") == state)
    assert "very secret" not in "".join(server.lines)


def test_a_request_id_that_could_forge_a_line_is_not_taken_over(server: Server):
    for given in ("a b", "x" * 65, 'x","y":"', "é"):
        answer = server.client.get("/health", headers={"X-Request-Id": given.encode()})
        assert answer.headers["x-request-id"] != given
