"""Incoming webhooks: senders on pages and through the API, and the one in the documentation."""

from __future__ import annotations

import io
import re
import urllib.request
from typing import Any

import pytest
from flask import Flask

from grader.lms.incoming import senders
from tests.unit.web.conftest import Browser
from tests.unit.web.portal import API, PAGES, Portal, json_of, people
from tests.unit.web.world import ROOT, World


def test_the_pages_make_rotate_disable_and_show_what_came(portal: Portal, world: World, ida: Browser) -> None:
    def post(path: str, **data: str) -> tuple[int, str]:
        answer = ida.client.post(path, data={"csrf_token": ida.token("/"), **data})
        return answer.status_code, answer.text

    code, page = post(PAGES, name="  Middle   ware ")
    assert code == 200
    found = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)
    assert found
    assert post(PAGES, name=" ")[0] == 422
    here = f"{PAGES}/{portal.sender_id}"
    portal.send("roster.changed", {"changes": [{"email": "new@example.org"}]}, message_id="msg_a")
    portal.send("roster.changed", {"changes": [{"email": "new@example.org"}]}, message_id="msg_a")
    portal.send("grade.<script>", message_id="msg_b")
    shown = ida.client.get(here).text
    assert "enrolled: 1" in shown
    assert "came 1 more time" in shown
    assert "There is no event" in shown
    assert "<script>&#39;" not in shown
    assert "grade.<script>" not in shown
    assert "enrolled: 1" not in ida.client.get(f"{here}?show=refused").text
    assert found.group() not in ida.client.get(PAGES).text + shown
    assert "Middle ware" in ida.client.get(PAGES).text
    assert post(f"{here}/rotate")[0] == 200
    assert post(f"{here}/rotate")[0] == 409
    assert post(f"{here}/disable")[0] == 303
    assert portal.send("endpoint.ping").status_code == 403
    assert "disabled" in ida.client.get(here).text
    assert post(f"{here}/enable")[0] == 303
    assert portal.send("endpoint.ping").status_code == 200
    assert ida.client.get(f"{PAGES}/none").status_code == 404
    came = len(portal.log())
    assert post(f"{here}/remove")[0] == 303
    assert portal.send("endpoint.ping").status_code == 404
    assert ida.client.get(here).status_code == 404
    assert "Records" not in ida.client.get(PAGES).text
    assert len(portal.log()) == came  # it stays


def test_programs_manage_senders_and_read_the_log(app: Flask, portal: Portal, world: World) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {world.tokens['ida']}"}
    made = client.post(API, headers=headers, json={"name": "Bot"})
    assert made.status_code == 201
    made_out = json_of(made)
    [_, bot] = json_of(client.get(API, headers=headers))["senders"]
    assert bot["url"].endswith(f"/api/v1/hooks/{made_out['id']}")
    mine = Portal(app, world, made_out["id"], made_out["secret"])
    mine.send("endpoint.ping")
    one = f"{API}/{made_out['id']}"
    [row] = json_of(client.get(f"{one}/messages", headers=headers))["messages"]
    assert (row["event"], row["status"], row["answer"]["result"]) == ("endpoint.ping", 200, {})
    assert client.post(f"{one}/secret", headers=headers, json={"overlap": False}).status_code == 201
    assert mine.send("endpoint.ping").status_code == 401
    assert json_of(client.put(f"{one}/enabled", headers=headers, json={"enabled": False}))["disabled_at"]
    assert len(json_of(client.get(f"{one}/messages?refused=true", headers=headers))["messages"]) == 1
    assert client.delete(one, headers=headers).status_code == 204
    assert client.delete(one, headers=headers).status_code == 404


def test_a_course_has_a_bounded_number_of_senders(
    portal: Portal, world: World, ida: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "MOST_SENDERS", 1)
    answer = ida.client.post(PAGES, data={"csrf_token": ida.token("/"), "name": "Second"})
    assert answer.status_code == 409
    assert "Disable one first" in answer.text


def test_the_documented_sender_is_understood(portal: Portal, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (ROOT / "docs" / "lms.md").read_text()
    [code] = [c for c in re.findall(r"```python\n(.*?)```", document, re.DOTALL) if "def send" in c]
    names: dict[str, Any] = {}
    exec(code, names)

    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        """What the network would do."""
        answer = portal.app.test_client().post(
            request.full_url, data=request.data, headers=dict(request.header_items())
        )
        assert answer.status_code == 200, answer.text
        return io.BytesIO(answer.data)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    url = f"http://localhost/api/v1/hooks/{portal.sender_id}"
    data = {"changes": [{"action": "enrol", "email": "new@example.org", "name": "Łucja", "section": "B"}]}
    first = names["send"](url, portal.secret, "roster.changed", data, "msg_doc")
    again = names["send"](url, portal.secret, "roster.changed", data, "msg_doc")
    assert first == again
    assert first["result"]["enrolled"] == 1
    assert people(world)["new@example.org"][0] == "Łucja"
