from __future__ import annotations

import json
import os
import re
import stat
import threading
from pathlib import Path

import pytest

from grader.cli.main import run
from grader.configuration import catalogue
from grader.configuration.others import OTHERS
from grader.settings import ROOT, Settings, SettingsError, kept_secret

KEY = "k" * 40


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:

    for name in os.environ:
        if name.startswith("GRADER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GRADER_HOME", str(tmp_path / "home"))


def test_a_home_is_all_that_is_needed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings.load()
    assert settings.database_url == f"sqlite:///{home}/grader.db"
    assert settings.blob_url == str(home / "blobs")
    assert settings.broker_url.startswith("redis+socket://")
    assert settings.progress_url.startswith("unix://")
    assert settings.internal_url == settings.public_url


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GRADER_DATABASE_URL": "postgresql://grader:pw@db/grader",
        "GRADER_BROKER_URL": "amqp://guest:pw@rabbit//",
        "GRADER_PUBLIC_URL": "https://grader.example.org/",
        "GRADER_INTERNAL_URL": "http://web:8000",
        "GRADER_BLOB_URL": "s3://notebooks/course",
        "GRADER_SECRET_KEY": KEY,
        "GRADER_LEASE_S": "12.5",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.database_url == "postgresql+psycopg://grader:pw@db/grader"
    assert (settings.broker_url, settings.progress_url) == ("amqp://guest:pw@rabbit//", "")
    assert (settings.public_url, settings.internal_url) == ("https://grader.example.org", "http://web:8000")
    assert (settings.blob_url, settings.lease_s) == ("s3://notebooks/course", 12.5)
    assert settings.secret_key.get_secret_value() == KEY
    assert not (settings.home / "secrets.json").exists()


def test_secrets_are_not_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_DATABASE_URL", "postgresql://grader:hush@db/grader")
    monkeypatch.setenv("GRADER_BROKER_URL", "redis://:hush@redis:6379/0")
    monkeypatch.setenv("GRADER_SECRET_KEY", "hush" * 10)
    settings = Settings.load()
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GRADER_DATABASE_URL", "mysql://u:hush@h/d", "GRADER_DATABASE_URL"),
        ("GRADER_BROKER_URL", "kafka://u:hush@h", "GRADER_BROKER_URL"),
        ("GRADER_SECRET_KEY", "hush", "at least 32 characters"),
        ("GRADER_PUBLIC_URL", "hush.example.org", "GRADER_PUBLIC_URL: must begin with http"),
        ("GRADER_PUBLIC_URL", "https://", "GRADER_PUBLIC_URL: must be an address with a host"),
        ("GRADER_PUBLIC_URL", "https://hush hush", "GRADER_PUBLIC_URL: must be an address with a host"),
        ("GRADER_INTERNAL_URL", "http://hush:99999", "GRADER_INTERNAL_URL: must be an address with a host"),
        ("GRADER_PUBLIC_URL", "https://u:hush@h", "GRADER_PUBLIC_URL: must be an address without"),
        ("GRADER_PROGRESS_URL", "amqp://u:hush@h", "GRADER_PROGRESS_URL: must begin with redis://"),
        ("GRADER_BLOB_URL", "s3://", "GRADER_BLOB_URL: names no bucket"),
        ("GRADER_BLOB_URL", "ftp://u:hush@h/notebooks", "GRADER_BLOB_URL: must be a folder, or begin with s3://"),
        ("GRADER_MAX_UPLOAD_BYTES", "hush", "GRADER_MAX_UPLOAD_BYTES"),
        ("GRADER_LEASE_S", "-1", "GRADER_LEASE_S"),
    ],
)
def test_what_cannot_be_used_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert said in str(error.value)
    assert "hush" not in str(error.value)
    assert len(str(error.value).splitlines()) == 1, "once, and not again at a setting that follows it"


def test_a_store_whose_package_is_not_installed_is_named_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.urls.find_spec", lambda name: None)
    monkeypatch.setenv("GRADER_BLOB_URL", "gs://hush")
    with pytest.raises(SettingsError, match=r"^GRADER_BLOB_URL: gs:// needs .*: pip install gcsfs$"):
        Settings.load()


def test_beside_what_is_wrong_stands_what_was_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_OIDC_ISSUER", "https://login.example.org")
    monkeypatch.setenv("GRADER_OIDC_CLIENTID", "grader")
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert "GRADER_OIDC_CLIENT_ID is needed" in str(error.value)
    assert "Note: GRADER_OIDC_CLIENTID is set, and nothing reads it" in str(error.value)


def test_a_form_of_logs_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_LOG", "xml")
    with pytest.raises(SettingsError, match=r"^GRADER_LOG='xml': expected text or json$"):
        Settings.load()
    monkeypatch.setenv("GRADER_LOG", "json")
    Settings.load()


def test_what_is_hardly_meant_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADER_OIDC_CLIENT_ID", "grader")
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(tmp_path / "nowhere"))
    assert Settings.look()[1].warnings == (
        "GRADER_OIDC_CLIENT_ID is set without GRADER_OIDC_ISSUER, so there is no single sign-on",
        f"GRADER_ASSIGNMENTS_DIR: there is no folder {tmp_path}/nowhere, so no assignments",
    )


def test_everything_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "grader.toml").write_text('sweep_s = "hush"\nlaese_s = 3\n')
    monkeypatch.setenv("GRADER_CONFIG", str(tmp_path / "grader.toml"))
    monkeypatch.setenv("GRADER_DATABASE_URL", "mysql://u:hush@h/d")
    monkeypatch.setenv("GRADER_BROKER_URL", "kafka://u:hush@h")
    monkeypatch.setenv("GRADER_SECRET_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert sorted(line.partition(":")[0].partition(" ")[0] for line in str(error.value).splitlines()) == sorted(
        ["GRADER_SECRET_KEY_FILE", str(tmp_path / "grader.toml"), "GRADER_DATABASE_URL", "GRADER_BROKER_URL",
         "GRADER_SWEEP_S"]
    )  # fmt: skip
    assert "did you mean lease_s?" in str(error.value)
    assert "hush" not in str(error.value)


def test_a_variable_goes_before_its_file_and_that_before_the_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "grader.toml").write_text(f'secret_key = "{"t" * 40}"\nlease_s = 33\nqueue_window = 7\n')
    (tmp_path / "key").write_text("f" * 40 + "\n")
    monkeypatch.setenv("GRADER_CONFIG", str(tmp_path / "grader.toml"))
    assert Settings.load().secret_key.get_secret_value() == "t" * 40
    monkeypatch.setenv("GRADER_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert Settings.load().secret_key.get_secret_value() == "f" * 40
    monkeypatch.setenv("GRADER_SECRET_KEY", KEY)
    monkeypatch.setenv("GRADER_LEASE_S", "44")
    settings = Settings.load()
    assert settings.secret_key.get_secret_value() == KEY
    assert (settings.lease_s, settings.queue_window) == (44, 7)
    _, found = Settings.look()
    assert {name: given.source for name, given in found.given.items()} == {
        "home": "GRADER_HOME", "secret_key": "GRADER_SECRET_KEY", "lease_s": "GRADER_LEASE_S",
        "queue_window": str(tmp_path / "grader.toml"),
    }  # fmt: skip


@pytest.mark.parametrize("content", [None, b"home = ", b"\xff"])
def test_a_configuration_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "grader.toml"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("GRADER_CONFIG", str(path))
    with pytest.raises(SettingsError, match=r"grader\.toml"):
        Settings.load()


def test_a_variable_that_nobody_reads_is_told_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GRADER_DATABSE_URL", "postgresql://u:hush@h/d")
    monkeypatch.setenv("GRADER_SANDBOX_POLICY", "/etc/grader/policy.toml")
    Settings.load()
    assert [record.getMessage() for record in caplog.records] == [
        "GRADER_DATABSE_URL is set, and nothing reads it (did you mean GRADER_DATABASE_URL?)"
    ]


def test_what_is_set_is_shown_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADER_DATABASE_URL", "postgresql://grader:hush@db/grader")
    monkeypatch.setenv("GRADER_BROKER_URL", "redis://:hush@redis:6379/0")
    monkeypatch.setenv("GRADER_BLOB_URL", "s3://bucket/prefix?secret=hush")
    monkeypatch.setenv("GRADER_SECRET_KEY", "hush" * 10)
    monkeypatch.setenv("GRADER_OIDC_CLIENT_SECRET", "hush")
    assert run(["config", "--json"]) == 0
    text = capsys.readouterr().out
    assert "hush" not in text
    rows = {row["name"]: row for row in json.loads(text)}
    assert rows["GRADER_DATABASE_URL"]["value"] == "postgresql+psycopg://grader:********@db/grader"
    assert rows["GRADER_BROKER_URL"]["source"] == "GRADER_BROKER_URL"
    assert rows["GRADER_BROKER_URL"]["value"] == "redis://:********@redis:6379/0"
    assert rows["GRADER_BLOB_URL"]["value"] == "s3://bucket/prefix?********"
    assert rows["GRADER_LEASE_S"]["source"] == "default"
    assert run(["config"]) == 0
    assert "hush" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "url", ["sqlite:////srv/grader.db", "redis+socket:///srv/redis.sock?virtual_host=0", "s3://b/p"]
)
def test_an_address_without_a_secret_is_shown_as_it_is(url: str) -> None:
    assert catalogue.shown(url) == url


def test_the_docs_list_what_of_workers_is_set() -> None:
    source = (ROOT / "worker" / "settings.py").read_text(encoding="utf-8")
    of_workers = set(re.findall(r"WORKER_[A-Z_]*[A-Z]", source))
    assert "WORKER_BROKER_URL" in of_workers
    assert of_workers <= {other.name for other in OTHERS}


def test_the_docs_list_every_setting() -> None:
    docs = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert catalogue.markdown() in docs, "run `grader config --markdown` and put what it prints into docs/settings.md"
    assert all(field.description for field in Settings.model_fields.values())


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_DATABASE_URL", "")
    monkeypatch.setenv("GRADER_LEASE_S", "")
    assert Settings.load().database_url.startswith("sqlite:///")


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = Settings.load(), Settings.load()
    assert first.secret_key == second.secret_key
    path = tmp_path / "home" / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["secret_key"] == first.secret_key.get_secret_value()
    assert Settings.load(home=tmp_path / "another").secret_key != first.secret_key


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(kept_secret(tmp_path / "h"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 16
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "h").iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", '{"secret_key": 3}', '{"secret_key": "short"}'])
def test_a_damaged_secrets_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secrets.json").write_text(content)
    with pytest.raises(SettingsError, match=r"secrets\.json"):
        Settings.load()
