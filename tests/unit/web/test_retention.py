from __future__ import annotations

from tests.unit.web.conftest import Browser
from tests.unit.web.test_admin import admin, post
from tests.unit.web.world import World, submit

__all__ = ["admin"]  # the fixture


def test_how_long_files_are_kept_is_set_and_shown_before_anything_goes(world: World, admin: Browser) -> None:
    submit(world, "sam")
    assert post(admin, "/admin/files", executed_months="12", files_months="") == 303
    page = admin.client.get("/admin/files").text
    assert 'value="12"' in page
    assert "Nothing." in page
    assert post(admin, "/admin/files", executed_months="soon", files_months="24") == 422
    assert post(admin, "/admin/files/apply") == 303
    assert "retention.set" in admin.client.get("/admin/audit").text
