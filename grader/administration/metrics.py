"""The figures that Prometheus asks for, counted in the database: however many web processes there are, any of
them gives the whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from grader.administration.queries import StorageUse, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Service(Collector):
    def __init__(self, totals: Totals, storage: StorageUse, now: datetime) -> None:
        self._totals, self._storage, self._now = totals, storage, now

    def collect(self) -> Iterable[Metric]:
        totals, storage = self._totals, self._storage
        submissions = GaugeMetricFamily("grader_submissions", "Submissions by status.", labels=["status"])
        for status, number in totals.submissions.items():
            submissions.add_metric([status], number)
        runs = GaugeMetricFamily("grader_runs", "Runs by queue and status.", labels=["queue", "status"])
        for (queue, status), number in totals.runs.items():
            runs.add_metric([queue, status], number)
        oldest = GaugeMetricFamily(
            "grader_oldest_waiting_seconds", "How long the oldest waiting run waits.", labels=["queue"]
        )
        for queue, at in totals.oldest_waiting.items():
            oldest.add_metric([queue], max((self._now - at).total_seconds(), 0.0))
        blobs = GaugeMetricFamily("grader_stored_bytes", "Bytes of stored files.", value=storage.all_blobs[1])
        owed = GaugeMetricFamily("grader_outbox_waiting", "Messages that are still to be sent.", value=storage.owed)
        grading = SummaryMetricFamily(
            "grader_grading_seconds", "Time of runs with a result.", count_value=totals.ended, sum_value=totals.seconds
        )
        users = GaugeMetricFamily("grader_users", "Active accounts.", value=totals.users)
        return [submissions, runs, oldest, blobs, owed, grading, users]


def exposition(totals: Totals, storage: StorageUse, now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Service(totals, storage, now))
    return generate_latest(registry)
