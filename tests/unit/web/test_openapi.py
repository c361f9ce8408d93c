"""The API keeps to its own description: requests drawn from the OpenAPI document, sent to the real application.

No answer is a fault of ours, and each has a status, a type and a form that the document names. The draws are the
same in every run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import update

from grader.db.models import User
from grader.web import limits
from grader.web.app import create_app
from grader.web.backend import backend
from tests.unit.web.conftest import Seed
from tests.unit.web.world import SLUG, World, finish, make_settings, open_world, submit

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 3
# Who asks, and of how many operations at least one answer must be a success: else the draws would try little.
WHO = ((None, 1), ("sam", 8), ("ida", 20))


@dataclass(frozen=True)
class Service:
    app: Flask
    world: World
    known: dict[str, str]


@pytest.fixture(scope="module")
def service(seed: Seed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("openapi") / "home"
    shutil.copytree(seed.home, home)
    world = open_world(make_settings(home), seed.tokens)
    app = create_app(world.settings)
    with world.backend.writing() as session:
        session.execute(update(User).where(User.email == "ida@example.org").values(admin=True))
    done = submit(world, "sam").id
    finish(world, done)
    known = {"slug": SLUG, "course_slug": "dl-2026", "submission_id": done, "key": "ratio_1000d", "queue": "cpu"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits.limiter, "enabled", False)
        yield Service(app, world, known)
    with app.app_context():
        backend().close()
    world.backend.close()


@pytest.mark.parametrize(("who", "successes"), WHO)
def test_every_operation_answers_as_the_document_says(service: Service, who: str | None, successes: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", service.app)
    headers = {"Authorization": f"Bearer {service.world.tokens[who]}"} if who else {}
    wrong, succeeded = [], []
    for result in schema.get_all_operations():
        operation = result.ok()
        try:
            statuses = statuses_of(operation, service.known, headers)
        except (Exception, FailureGroup) as error:  # every operation is tried before the test fails
            wrong.append(f"{operation.label}\n{type(error).__name__}: {error}"[:2000])
        else:
            succeeded += [operation.label] if min(statuses) < 300 else []
    assert not wrong, "\n\n".join(wrong)
    assert len(succeeded) >= successes, succeeded


def statuses_of(operation: Any, known: dict[str, str], headers: dict[str, str]) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), aimed=st.booleans())
    def send(case: Any, aimed: bool) -> None:
        """`aimed`: at what is there; otherwise at names that were drawn."""
        if aimed:
            case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
            if "course" in {parameter.name for parameter in case.operation.query}:
                case.query["course"] = "dl-2026"
        statuses.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    send()
    return statuses
