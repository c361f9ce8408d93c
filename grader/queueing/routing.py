"""On which queue a run waits. Assignments ask for a CPU, for a GPU, or for whichever is there sooner ("gpu-or-cpu")."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses.release import EITHER, Release
from grader.courses.service import release_of
from grader.db.models import AssignmentVersion, Run, RunStatus, WorkerNode
from grader.outbox import service as outbox
from grader.queueing.measured import mean_seconds
from grader.workers import queries as workers
from grader.workers.service import Standing, standing
from worker.contract import Queue
from worker.contract.announcement import DeviceHealth

MOVED_MOST = 200  # runs of one look: its transaction stays short, the rest comes with the next
_ROUTER = Actor.system("routing")


@dataclass(frozen=True)
class Side:
    """A queue as a new run would find it. `work_s`: of the runs before it, as if one slot did all of it."""

    slots: int  # of living workers that take jobs from it
    runs: int = 0  # that wait for it or are under way
    work_s: float = 0.0

    @property
    def free(self) -> int:
        return max(0, self.slots - self.runs)

    @property
    def surplus(self) -> int:
        """Runs for which there is no slot at present."""
        return max(0, self.runs - self.slots)

    @property
    def wait_s(self) -> float:
        """Infinite where nobody would ever take the run."""
        if not self.slots:
            return math.inf
        return 0.0 if self.free else self.work_s / self.slots


def choose(device: str, cpu: Side, gpu: Side) -> Queue:
    """A run that can do without a GPU takes one only if that is sooner: others cannot do without."""
    if device == EITHER:
        return Queue.GPU if gpu.wait_s < cpu.wait_s else Queue.CPU
    return Queue.GPU if device == "gpu" else Queue.CPU


def moves(cpu: Side, gpu: Side, on_cpu: Sequence[str], on_gpu: Sequence[str]) -> list[tuple[str, Queue]]:
    """Which of the runs that can do with either change sides; both lists in their order, the first one first.

    Only to where a slot is free, or away from where there is none at all: no run goes to and fro.
    """
    if not gpu.slots:
        return [(run, Queue.CPU) for run in on_gpu]
    if not cpu.slots:
        return [(run, Queue.GPU) for run in on_cpu]
    to_gpu = [(run, Queue.GPU) for run in on_cpu[: min(gpu.free, cpu.surplus)]]
    return to_gpu or [(run, Queue.CPU) for run in on_gpu[: min(cpu.free, gpu.surplus)]]


def queue_for(session: Session, release: Release, now: datetime) -> Queue:
    """Where a new run of this assignment waits. Asks the database only where there is a choice."""
    if release.device != EITHER:
        return release.queue
    cpu, gpu = sides(session, now, release.gpu_memory_mib)
    return choose(release.device, cpu, gpu)


def slots_alive(session: Session, queue: Queue, now: datetime, gpu_memory_mib: int = 0) -> int:
    """Jobs at a time that living workers take from the queue; of the queue `gpu` those with a device that is well
    and large enough."""
    return sum(
        node.slots
        for node in workers.all_nodes(session)
        if standing(node, now) is Standing.WORKING
        and queue.value in node.taking
        and (queue is not Queue.GPU or has_device(node, gpu_memory_mib))
    )


def has_device(node: WorkerNode, memory_mib: int) -> bool:
    return any(
        device.get("health") != DeviceHealth.SICK.value and device.get("memory_mib", 0) >= memory_mib
        for device in node.devices
    )


def sides(session: Session, now: datetime, gpu_memory_mib: int = 0) -> tuple[Side, Side]:
    """The queues `cpu` and `gpu`."""
    query = (
        select(Run.queue, Run.status, AssignmentVersion.assignment_id, func.count())
        .join(AssignmentVersion, AssignmentVersion.id == Run.version_id)
        .where(Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)))
        .group_by(Run.queue, Run.status, AssignmentVersion.assignment_id)
    )
    rows = [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]
    seconds = mean_seconds(session, {row[2] for row in rows})
    cpu, gpu = (
        _side(slots_alive(session, queue, now, gpu_memory_mib), (row[1:] for row in rows if row[0] is queue), seconds)
        for queue in (Queue.CPU, Queue.GPU)
    )
    return cpu, gpu


def reroute(session: Session, now: datetime) -> int:
    """Let runs that can do with either change sides where that is sooner; returns how many did."""
    versions = _versions_of_either(session)
    if not versions:
        return 0
    cpu, gpu = sides(session, now)
    deserted = [queue for queue, side in ((Queue.CPU, cpu), (Queue.GPU, gpu)) if not side.slots]
    waiting = _waiting(session, versions, deserted)
    lists = {queue: [run.id for run in waiting if run.queue is queue] for queue in Queue}
    runs = {run.id: run for run in waiting}
    moved = moves(cpu, gpu, lists[Queue.CPU], lists[Queue.GPU])[:MOVED_MOST]
    for run_id, queue in moved:
        _move(session, runs[run_id], queue)
    return len(moved)


def _versions_of_either(session: Session) -> list[str]:
    """Of the versions that anything waits for, those that can do with either."""
    waited_for = select(Run.version_id).where(Run.status == RunStatus.QUEUED)
    versions = session.scalars(select(AssignmentVersion).where(AssignmentVersion.id.in_(waited_for)))
    return [version.id for version in versions if release_of(version).device == EITHER]


def _waiting(session: Session, version_ids: Collection[str], deserted: Collection[Queue]) -> list[Run]:
    """In their order. What the broker holds is left to it, but in a queue that nobody takes jobs from."""
    query = (
        select(Run)
        .where(Run.status == RunStatus.QUEUED, Run.version_id.in_(version_ids))
        .where(or_(Run.dispatched_at.is_(None), Run.queue.in_(deserted)))
        .order_by(Run.created_at, Run.id)
        .limit(MOVED_MOST)
    )
    return list(session.scalars(query))


def _move(session: Session, run: Run, queue: Queue) -> None:
    before, run.queue = run.queue, queue
    if run.dispatched_at is not None:  # under the same lease: should somebody find the first message, one result counts
        run.dispatched_at = None
        outbox.add_job(session, run)
    after = {"queue": queue.value}
    audit.record(session, _ROUTER, "run.rerouted", "run", run.id, before={"queue": before.value}, after=after)


def _side(slots: int, rows: Iterable[tuple[RunStatus, str, int]], seconds: Mapping[str, float]) -> Side:
    side = Side(slots)
    for status, assignment_id, count in rows:
        left = 0.5 if status is RunStatus.RUNNING else 1.0  # runs under way are half done on average
        work_s = side.work_s + left * count * seconds[assignment_id]
        side = replace(side, runs=side.runs + count, work_s=work_s)
    return side
