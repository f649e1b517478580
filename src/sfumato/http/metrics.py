"""What Prometheus is told: counted as it happens, or looked up when it asks.

A label never holds what a request brought, but for its method and status: so there are never many rows.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ANSWERS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds
JOBS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)  # seconds


class Seen(NamedTuple):
    """Something to look up. kind: gauge or counter. rows: its values, by the value of its label ("": there is none)."""

    name: str
    help: str
    rows: Mapping[str, float]
    label: str = ""
    kind: str = "gauge"


class Metrics:
    """Of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "sfumato_http_requests", "Requests answered.", ["api", "method", "status"], registry=self.registry
        )
        self._answers = Histogram(
            "sfumato_http_answer_seconds", "Until an answer begins.", ["api"], buckets=ANSWERS, registry=self.registry
        )
        self._waits = Histogram(
            "sfumato_job_wait_seconds", "From a job's order to its first step.", buckets=JOBS, registry=self.registry
        )
        self._jobs = Histogram(
            "sfumato_job_seconds", "From a job's order to its end.", ["state"], buckets=JOBS, registry=self.registry
        )

    def answered(self, api: str, method: str, status: int, seconds: float) -> None:
        """A request was answered; seconds: until the answer began."""
        self._requests.labels(api, method if method in METHODS else "other", str(status)).inc()
        self._answers.labels(api).observe(seconds)

    def ended(self, state: str, waited: float | None, seconds: float) -> None:
        """A job has ended. waited: None if it was never begun."""
        if waited is not None:
            self._waits.observe(max(0.0, waited))
        self._jobs.labels(state).observe(max(0.0, seconds))

    def text(self, look: Callable[[], Iterable[Seen]]) -> bytes:
        """All of it in Prometheus' text form, with what is looked up now."""
        now = CollectorRegistry()
        now.register(_Looked(list(look())))
        return generate_latest(self.registry) + generate_latest(now)


class _Looked:
    def __init__(self, seen: list[Seen]):
        self._seen = seen

    def collect(self) -> Iterable[Metric]:
        families = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}
        for name, help, rows, label, kind in self._seen:
            family = families[kind](name, help, labels=[label] if label else [])
            for value in rows:
                family.add_metric([value] if label else [], rows[value])
            yield family
