"""What Prometheus reads. Everything is in the database, so any web process gives the whole, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from grader.administration.standing import Now
from grader.db.measure import COUNT
from grader.db.models import Measure
from grader.measuring.families import FAMILIES, Family
from grader.measuring.tally import LAST, SEPARATOR, SUM, bound

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(now: Now, measures: Sequence[Measure]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Service(now, measures))
    return generate_latest(registry)


class _Service(Collector):
    def __init__(self, now: Now, measures: Sequence[Measure]) -> None:
        self._now, self._measures = now, measures

    def collect(self) -> Iterable[Metric]:
        return [*gauges(self._now), *counted(self._measures)]


def gauges(now: Now) -> list[Metric]:
    queue = [(q.queue.value, q) for q in now.queues]
    oldest = [(name, max((now.at - q.oldest_at).total_seconds(), 0.0) if q.oldest_at else 0.0) for name, q in queue]
    names = [name for name, _ in queue]
    return [
        _gauge("grader_queue_waiting", "Runs that wait for a worker.", "queue", [(n, q.waiting) for n, q in queue]),
        _gauge("grader_queue_running", "Runs that workers are at.", "queue", [(n, q.running) for n, q in queue]),
        _gauge("grader_oldest_waiting_seconds", "How long the oldest waiting run waits.", "queue", oldest),
        _gauge("grader_queue_paused", "1 while it is paused.", "queue", [(n, n in now.paused) for n in names]),
        _gauge("grader_submissions", "Submissions by status.", "status", sorted(now.submissions.items())),
        _workers(now),
        _gauge(
            "grader_worker_slots", "Slots of workers that take jobs.", "queue", [(n, now.slots[n]) for n in names]
        ),
        _gauge("grader_worker_slots_busy", "Slots with a run.", "queue", [(n, now.busy[n]) for n in names]),
        _gauge("grader_devices", "GPUs by health.", "health", sorted(now.devices.items())),
        _gauge(
            "grader_deliveries_waiting", "Owed to other systems.", "target",
            [(target, waiting.number) for target, waiting in now.deliveries.items()],
        ),
        _gauge(
            "grader_delivery_lag_seconds", "How long the oldest of them has been due.", "target",
            [(target, waiting.oldest_s) for target, waiting in now.deliveries.items()],
        ),
        GaugeMetricFamily("grader_stored_bytes", "Bytes of stored files.", value=now.stored_bytes),
        GaugeMetricFamily("grader_outbox_waiting", "Messages that are still to be sent.", value=now.outbox),
        GaugeMetricFamily("grader_users", "Active accounts.", value=now.users),
    ]  # fmt: skip


def counted(measures: Sequence[Measure]) -> list[Metric]:
    """A family of which nothing was counted yet is there all the same, without samples."""
    rows = {name: list(found) for name, found in groupby(measures, key=lambda m: m.name)}
    return [_counted(family, rows.get(family.name, [])) for family in FAMILIES]


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values:
        gauge.add_metric([value], float(number))
    return gauge


def _workers(now: Now) -> Metric:
    gauge = GaugeMetricFamily(
        "grader_workers", "Workers: working, draining, drained or silent.", labels=["queue", "state"]
    )
    for (queue, standing), number in sorted(now.workers.items()):
        gauge.add_metric([queue, standing], number)
    return gauge


def _counted(family: Family, rows: Sequence[Measure]) -> Metric:
    labels = list(family.labels)
    histogram = HistogramMetricFamily(family.name, family.text, labels=labels)
    counter = CounterMetricFamily(family.name, family.text, labels=labels)
    for text, found in groupby(rows, key=lambda m: m.labels):
        values = {row.bucket: row.value for row in found}
        if family.is_histogram:
            histogram.add_metric(text.split(SEPARATOR), _buckets(family, values), values.get(SUM, 0.0))
        else:
            counter.add_metric(text.split(SEPARATOR), values.get(COUNT, 0.0))
    return histogram if family.is_histogram else counter


def _buckets(family: Family, values: dict[str, float]) -> list[tuple[str, float]]:
    """Each counts what is at most its bound, as Prometheus wants it; stored is what lies between two bounds."""
    found, upto = [], 0.0
    for name in (*map(bound, family.buckets), LAST):
        upto += values.get(name, 0.0)
        found.append((name, upto))
    return found
