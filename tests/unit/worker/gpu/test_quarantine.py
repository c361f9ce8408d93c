from __future__ import annotations

from pathlib import Path

from worker.gpu.quarantine import CALM_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, Quarantine


def test_all_processes_see_a_device_that_is_out_of_service(tmp_path: Path) -> None:
    Quarantine(tmp_path / "gpu").put("GPU-a", "Xid 79", now=1000.0)
    seen = Quarantine(tmp_path / "gpu").of("GPU-a")
    assert seen is not None
    assert (seen.why, seen.retest_at) == ("Xid 79", 1000.0 + FIRST_PAUSE_S)
    assert Quarantine(tmp_path / "gpu").of("GPU-b") is None


def test_one_that_falls_ill_again_and_again_is_tested_less_and_less_often(tmp_path: Path) -> None:
    quarantine, now, pauses = Quarantine(tmp_path), 1000.0, []
    for number in range(12):
        sick = quarantine.put("GPU-a", "it", now)
        pauses.append(sick.retest_at - now)
        now = sick.retest_at
        if number % 2:  # put back in between, or found ill at the test: the same
            quarantine.end("GPU-a")
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[1], pauses[-1]) == (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, LONGEST_PAUSE_S)
    quarantine.end("GPU-a")
    assert quarantine.put("GPU-a", "it", now + 2 * CALM_S + LONGEST_PAUSE_S).times == 1


def test_a_file_that_cannot_be_read_is_no_illness(tmp_path: Path) -> None:
    (tmp_path / "GPU-a.sick").write_text("{")
    quarantine = Quarantine(tmp_path)
    assert quarantine.of("GPU-a") is None
    quarantine.end("GPU-b")  # that was never ill
