"""The manifests in deploy/kubernetes: what a cluster would only tell in the night."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from grader.configuration.others import OTHERS
from grader.settings import ROOT
from worker.settings import WorkerSettings

FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(FOLDER.rglob("*.yaml"))
MANIFESTS = [
    (path, manifest)
    for path in FILES
    if path.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
ENDING_S = 15  # of a worker that has handed back what it had
OF_WORKERS = {"worker-cpu", "worker-gpu"}


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each workload, by its name."""
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]
        for _, manifest in MANIFESTS
        if manifest["kind"] in {"Deployment", "Job"}
    }


def container(pod: dict[str, Any]) -> dict[str, Any]:
    (found,) = pod["containers"]
    return dict(found)


def test_every_manifest_is_named_by_a_kustomization_and_the_other_way_round() -> None:
    for file in FOLDER.rglob("kustomization.yaml"):
        listed = yaml.safe_load(file.read_text(encoding="utf-8"))
        named = {(file.parent / entry).resolve() for entry in listed["resources"] + listed.get("components", [])}
        assert all(path.exists() for path in named), file
        assert {path for path in file.parent.glob("*.yaml") if path != file} <= named, file


def test_the_parts_are_there() -> None:
    assert pods().keys() == {"web", "recorder", "migrate"} | OF_WORKERS
    kinds = {manifest["kind"] for _, manifest in MANIFESTS}
    assert {"Service", "PodDisruptionBudget", "NetworkPolicy", "ScaledObject", "Ingress", "Namespace"} <= kinds


def test_a_worker_is_given_the_broker_and_nothing_of_the_service() -> None:
    for name in OF_WORKERS:
        worker = container(pods()[name])
        assert worker["envFrom"] == [{"secretRef": {"name": "grader-worker"}}]
        assert not [variable for variable in worker["env"] if variable["name"].startswith(("GRADER_", "AWS_"))]
        assert pods()[name]["automountServiceAccountToken"] is False
    text = (FOLDER / "example" / "worker.env.example").read_text(encoding="utf-8")
    assert [line.split("=")[0] for line in text.splitlines()] == ["WORKER_BROKER_URL"]


@pytest.mark.parametrize("name", sorted(pods()))
def test_nothing_runs_with_more_rights_than_it_needs(name: str) -> None:
    pod, found = pods()[name], container(pods()[name])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001, "the user of deploy/Dockerfile"
    rights = found["securityContext"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["allowPrivilegeEscalation"] is False
    assert "privileged" not in rights
    if name in OF_WORKERS:
        # The sandbox makes its own namespaces; procMount: Unmasked is allowed in a pod's user namespace alone.
        assert (rights["procMount"], pod["hostUsers"]) == ("Unmasked", False)
        assert pod["securityContext"]["seccompProfile"] == {"type": "Unconfined"}
    else:
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert rights["readOnlyRootFilesystem"] is True
        mounted = {mount["name"] for mount in found["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert {"requests", "limits"} <= found["resources"].keys()


def test_a_worker_has_the_time_to_hand_back_what_it_cannot_finish() -> None:
    for name in OF_WORKERS:
        given = {variable["name"]: variable["value"] for variable in container(pods()[name])["env"]}
        assert int(given["WORKER_STOP_S"]) > WorkerSettings.stop_s
        assert int(given["WORKER_STOP_S"]) + ENDING_S <= pods()[name]["terminationGracePeriodSeconds"]


def test_web_pods_are_probed_where_the_service_answers() -> None:
    web = container(pods()["web"])
    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    health = (ROOT / "grader" / "web" / "views" / "health.py").read_text(encoding="utf-8")
    assert all(f'"{path}"' in health for path in ("/healthz", "/readyz"))


def test_what_selects_pods_finds_them() -> None:
    labels = [manifest["spec"]["template"]["metadata"]["labels"] for _, manifest in MANIFESTS
              if manifest["kind"] in {"Deployment", "Job"}]  # fmt: skip
    wanted = [manifest["spec"]["selector"] for _, manifest in MANIFESTS if manifest["kind"] == "Service"]
    wanted += [manifest["spec"]["selector"]["matchLabels"] for _, manifest in MANIFESTS
               if manifest["kind"] in {"Deployment", "PodDisruptionBudget"}]  # fmt: skip
    wanted += [manifest["spec"]["podSelector"]["matchLabels"] for _, manifest in MANIFESTS
               if manifest["kind"] == "NetworkPolicy"]  # fmt: skip
    for selector in wanted:
        assert any(selector.items() <= found.items() for found in labels), selector
    scaled = {manifest["spec"]["scaleTargetRef"]["name"] for _, manifest in MANIFESTS
              if manifest["kind"] == "ScaledObject"}  # fmt: skip
    assert scaled == OF_WORKERS


def test_scaling_asks_for_figures_that_the_service_tells() -> None:
    queries = [trigger["metadata"]["query"] for _, manifest in MANIFESTS if manifest["kind"] == "ScaledObject"
               for trigger in manifest["spec"]["triggers"]]  # fmt: skip
    metrics = (ROOT / "grader" / "administration" / "metrics.py").read_text(encoding="utf-8")
    assert len(queries) == 2
    told = {name for query in queries for name in re.findall(r"grader_\w+", query)}
    assert told == {"grader_queue_waiting", "grader_queue_running"}
    assert all(f'"{name}"' in metrics for name in told)


def test_settings_in_the_example_are_settings() -> None:
    from grader.configuration.sources import variable
    from grader.settings import Settings

    known = {variable(name) for name in Settings.model_fields} | {other.name for other in OTHERS}
    example = yaml.safe_load((FOLDER / "example" / "kustomization.yaml").read_text(encoding="utf-8"))
    given = [literal.split("=")[0] for entry in example["configMapGenerator"] for literal in entry["literals"]]
    for file in ("service.env.example", "worker.env.example"):
        lines = (FOLDER / "example" / file).read_text(encoding="utf-8").splitlines()
        given += [line.split("=")[0] for line in lines]
    assert {name for name in given if not name.startswith("AWS_")} <= known
