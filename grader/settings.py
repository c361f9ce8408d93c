"""What the grader is told: environment variables with the prefix `GRADER_`, checked at start.

Everything has a default that works on one machine without any server: a folder `home` holds the database, the
files, the private Redis and the secrets.
"""

from __future__ import annotations

import json
import os
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from grader import urls
from grader.oidc.settings import SingleSignOnSettings
from worker.contract import LEASE_S

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
LEAST_KEY_CHARACTERS = 32


class SettingsError(ValueError):
    """A setting cannot be used. The text names the variable and never shows its value."""


class Settings(SingleSignOnSettings):
    """Use `Settings.load()`: it turns pydantic's errors into sentences and sees to the secret key."""

    model_config = SettingsConfigDict(env_prefix="GRADER_", extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Path("var")
    # URLs may hold passwords, so they are kept out of repr(), which ends up in logs.
    database_url: str = Field(default="", repr=False)  # SQLite in `home`; or postgresql://…
    broker_url: str = Field(default="", repr=False)  # private Redis in `home`; or redis://…, amqp://…
    progress_url: str = Field(default="", repr=False)  # Redis; the broker's, where that is Redis
    blob_url: str = Field(default="", repr=False)  # folder in `home`; or any fsspec URL, s3://bucket/prefix
    public_url: str = "http://127.0.0.1:8000"  # as browsers reach the service
    internal_url: str = ""  # as workers reach it, to fetch notebooks; public_url unless given
    trusted_proxies: int = Field(default=0, ge=0, le=10)  # how many in front of the web server add X-Forwarded-*
    secret_key: SecretStr = SecretStr("")  # made once and kept in `home` unless given
    assignments_dir: Path = ROOT / "assignments"
    max_upload_bytes: int = Field(default=20 * MIB, ge=1024, le=1024 * MIB)
    lease_s: float = Field(default=LEASE_S, ge=1, le=3600)
    sweep_s: float = Field(default=5.0, ge=0.2, le=600)
    dispatch_grace_s: float = Field(default=15.0, ge=0.5, le=3600)  # a job is not thought lost before that
    blob_ticket_s: int = Field(default=86_400, ge=60)  # how long a worker may fetch a notebook by its URL
    webhook_networks: str = ""  # private ones that webhooks may reach: "10.20.0.5/32, 10.30.0.0/16"
    queue_window: int = Field(default=4, ge=1, le=10_000)  # jobs that the broker holds where nothing runs yet
    max_attempts: int = Field(default=4, ge=1, le=20)  # failures of ours at one notebook before staff are told
    quarantine_after: int = Field(default=3, ge=1, le=20)  # workers that die at one notebook

    @field_validator("home", "assignments_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("public_url", "internal_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for text in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(text)
            except ValueError:
                raise ValueError(f"{text!r} is not a network; write 10.20.0.5/32 or 10.20.0.0/16") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < LEAST_KEY_CHARACTERS:
            raise ValueError(f"must have at least {LEAST_KEY_CHARACTERS} characters")
        return value

    @model_validator(mode="before")
    @classmethod
    def _defaults_in_home(cls, values: dict[str, Any]) -> dict[str, Any]:
        home = Path(values.get("home") or "var").expanduser().resolve()
        filled = {key: value for key, value in values.items() if value != ""}
        filled["database_url"] = urls.database(filled.get("database_url", f"sqlite:///{home}/grader.db"))
        filled["broker_url"] = urls.broker(filled.get("broker_url", urls.private_redis(home)))
        filled["progress_url"] = urls.progress(filled.get("progress_url", filled["broker_url"]))
        filled.setdefault("blob_url", str(home / "blobs"))
        filled.setdefault("internal_url", filled.get("public_url", cls.model_fields["public_url"].default))
        return filled

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Settings from the environment, `overrides` first. Raises SettingsError.

        Makes `home` and, where no secret key is given, the file `home/secrets.json` that keeps one.
        """
        try:
            settings = cls(**overrides)
        except ValidationError as error:
            raise SettingsError("; ".join(map(_sentence, error.errors()))) from None
        if settings.secret_key.get_secret_value():
            return settings
        return settings.model_copy(update={"secret_key": SecretStr(kept_secret(settings.home))})


def _sentence(problem: Any) -> str:
    name = "GRADER_" + "_".join(map(str, problem["loc"])).upper() if problem["loc"] else "settings"
    return f"{name}: {str(problem['msg']).removeprefix('Value error, ')}"


def kept_secret(home: Path) -> str:
    """The key in `home/secrets.json`, made on first use, readable by its owner only.

    Several processes may start at once: the file is written aside and linked into place, so that the first
    one wins and nobody ever reads half a file.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secrets.json"
    if not path.exists():
        aside = home / f".secrets-{os.getpid()}-{secrets.token_hex(4)}"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump({"secret_key": secrets.token_urlsafe(48)}, file)
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    try:
        key = json.loads(path.read_text())["secret_key"]
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"{path} holds no secret key: restore it or delete it to have a new one") from None
    if not isinstance(key, str) or len(key) < LEAST_KEY_CHARACTERS:
        raise SettingsError(f"{path} holds a secret key that is too short: delete it to have a new one")
    return key
