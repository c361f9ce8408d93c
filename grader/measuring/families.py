"""Every figure that is counted, by name: what it tells, its labels, and its buckets where it is a histogram."""

from __future__ import annotations

from dataclasses import dataclass

STAGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
HTTP_BUCKETS = (0.005, 0.025, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Family:
    name: str  # as Prometheus knows it; of a counter without its `_total`
    text: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()  # () for a counter

    @property
    def is_histogram(self) -> bool:
        return bool(self.buckets)


UPLOADS = Family("grader_uploads", "Uploads of notebooks, accepted or refused with this code.", ("result",))
RUNS_ENDED = Family(
    "grader_runs_ended",
    "Runs that ended with a result, or with a fault of ours (failed).",
    ("queue", "outcome"),
)
FAILURES = Family("grader_failures", "Faults of ours, by where they lie.", ("kind",))
RESULTS_REFUSED = Family("grader_results_refused", "Results that came twice, late or in no readable form.", ("why",))
DELIVERIES = Family("grader_deliveries", "Tries to tell another system.", ("target", "result"))
STAGES = Family(
    "grader_run_stage_seconds",
    "Time of runs: wait (for a worker), start (kernel), execute (cells), check, record (in the database).",
    ("queue", "stage"),
    STAGE_BUCKETS,
)
HTTP = Family("grader_http_seconds", "Time of answers.", ("route", "method", "status"), HTTP_BUCKETS)

FAMILIES = (UPLOADS, RUNS_ENDED, FAILURES, RESULTS_REFUSED, DELIVERIES, STAGES, HTTP)
