"""Dashboard and alert rules: valid, and about figures that the service exports, by labels that these have."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from grader.administration.metrics import exposition
from grader.administration.standing import Now, Waiting
from grader.dashboard.figures import QueueHealth
from grader.db.models import Measure
from grader.measuring.families import FAMILIES
from grader.measuring.tally import Tally
from grader.time import utc_now
from worker.contract import Queue

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana/grader.json").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [t["expr"] for p in DASHBOARD["panels"] for t in p["targets"]]

# A name with its label matchers, and the labels that an aggregation or a join keeps.
SELECTOR = re.compile(r"\b(grader_\w+)(?:\{([^}]*)\})?")
KEPT = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def exported() -> dict[str, set[str]]:
    """Every name that the service exports, with its labels, from what it really writes."""
    tally = Tally()
    for family in FAMILIES:
        if family.is_histogram:
            tally.observe(family, 0.2, *("x" for _ in family.labels))
        else:
            tally.count(family, *("x" for _ in family.labels))
    rows = [Measure(name=k.name, labels=k.labels, bucket=k.bucket, value=v) for k, v in sorted(tally.take().items())]
    now = Now(
        queues=tuple(QueueHealth(queue, 1, 1, utc_now()) for queue in Queue),
        paused=frozenset({"cpu"}),
        submissions={"graded": 1},
        workers=Counter({("cpu", "working"): 1}),
        slots=Counter(cpu=2),
        busy=Counter(cpu=1),
        devices=Counter(ready=1),
        deliveries={"webhook": Waiting(1, 2.0)},
        stored_bytes=1,
        outbox=1,
        users=1,
        at=utc_now(),
    )
    found: dict[str, set[str]] = {}
    for metric in text_string_to_metric_families(exposition(now, rows).decode()):
        for sample in metric.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


EXPORTED = exported()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_about_what_the_service_exports(expression: str) -> None:
    used = SELECTOR.findall(expression)
    assert used or expression.startswith("up{")
    labels: set[str] = set()
    for name, matchers in used:
        assert name in EXPORTED, name
        labels |= EXPORTED[name]
        assert set(LABEL.findall(matchers)) <= EXPORTED[name], expression
    for kept in KEPT.findall(expression):
        assert {label.strip() for label in kept.split(",")} <= labels, expression
    assert expression.count("(") == expression.count(")")


def test_every_figure_is_on_the_dashboard() -> None:
    shown = {name for expression in EXPRESSIONS for name, _ in SELECTOR.findall(expression)}
    for family in FAMILIES:
        assert any(name.startswith(family.name) for name in shown), family.name


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
        for _, label in re.findall(r"\{\{ (\$labels\.(\w+)) \}\}", str(rule["annotations"])):
            assert re.search(rf"\b{label}\b", rule["expr"]) or label in EXPORTED[SELECTOR.findall(rule["expr"])[0][0]]


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells


def test_prometheus_reads_the_address_that_there_is_with_the_rules_that_there_are() -> None:
    configuration = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert configuration["scrape_configs"][0]["metrics_path"] == "/admin/metrics"
    assert [(DEPLOY / "prometheus" / name).exists() for name in configuration["rule_files"]] == [True]


def test_buckets_add_up() -> None:
    tally = Tally()
    stages = next(family for family in FAMILIES if family.name == "grader_run_stage_seconds")
    for seconds in (0.01, 0.05, 0.06, 7200.0):
        tally.observe(stages, seconds, "cpu", "wait")
    rows = [Measure(name=k.name, labels=k.labels, bucket=k.bucket, value=v) for k, v in tally.take().items()]
    from grader.administration.metrics import counted

    samples = {s.labels.get("le"): s.value for m in counted(rows) for s in m.samples if s.name.endswith("_bucket")}
    assert (samples["0.05"], samples["0.1"], samples["3600"], samples["+Inf"]) == (2.0, 3.0, 3.0, 4.0)
    assert tally.take() == {}
