"""What the grader is told, checked at start: environment, files with secrets, a configuration file.

Everything has a default that works on one machine without any server: a folder `home` holds the database, the
files, the private Redis and the secrets. `grader.configuration` tells where settings come from, docs/settings.md
lists them (`grader config --markdown` makes it).
"""

from __future__ import annotations

import json
import logging
import secrets
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from grader import urls
from grader.configuration.gathering import Gathered, gather
from grader.configuration.sources import SettingsError, variable
from grader.oidc.settings import SingleSignOnSettings
from grader.whole_files import whole_file
from worker.contract import LEASE_S

__all__ = ["ROOT", "Settings", "SettingsError", "kept_secret"]

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
LEAST_KEY_CHARACTERS = 32
log = logging.getLogger(__name__)


class Settings(SingleSignOnSettings):
    """Use `Settings.load()`: it asks the environment, turns pydantic's errors into sentences and sees to the key.

    `repr=False`: URLs may hold passwords, and repr() ends up in logs.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default=Path("var"), description="Folder for whatever is not given a place of its own.")
    database_url: str = Field(
        default="", repr=False, description="`postgresql://user:password@host/name`. Default: SQLite in `home`."
    )
    broker_url: str = Field(
        default="", repr=False, description="`redis://…`, `rediss://…`, `amqp://…`. Default: a private Redis in `home`."
    )
    progress_url: str = Field(
        default="", repr=False, description="Redis for live progress. Default: the broker, where that is Redis."
    )
    blob_url: str = Field(
        default="",
        repr=False,
        description="Where notebooks are kept: `s3://bucket/prefix` or a folder. Default: in `home`.",
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="The service as browsers reach it.")
    internal_url: str = Field(default="", description="The service as workers reach it. Default: `public_url`.")
    trusted_proxies: int = Field(
        default=0, ge=0, le=10, description="How many proxies in front of the web server add X-Forwarded-… headers."
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="At least 32 characters, the same for web and recorder. Default: made once, kept in `home`.",
    )
    assignments_dir: Path = Field(default=ROOT / "assignments", description="The assignments' packages.")
    max_upload_bytes: int = Field(default=20 * MIB, ge=1024, le=1024 * MIB, description="The largest notebook.")
    lease_s: float = Field(
        default=LEASE_S, ge=1, le=3600, description="A run whose worker is silent for so long goes to another."
    )
    sweep_s: float = Field(default=5.0, ge=0.2, le=600, description="How often what was lost is looked for.")
    dispatch_grace_s: float = Field(
        default=15.0, ge=0.5, le=3600, description="A job message is not thought lost before that."
    )
    blob_ticket_s: int = Field(default=86_400, ge=60, description="How long a worker may fetch a notebook by its URL.")
    webhook_networks: str = Field(
        default="", description="Private networks that webhooks may reach: `10.20.0.5/32, 10.30.0.0/16`."
    )
    queue_window: int = Field(
        default=4, ge=1, le=10_000, description="Jobs that the broker holds where nothing runs yet."
    )
    max_attempts: int = Field(
        default=4, ge=1, le=20, description="Failures of ours at one notebook before staff are told."
    )
    quarantine_after: int = Field(
        default=3, ge=1, le=20, description="Workers that die at one notebook before it is given to no other."
    )

    @field_validator("home", "assignments_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("public_url", "internal_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return urls.web(value).rstrip("/") if value else value

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

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        return urls.database(value)

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, value: str) -> str:
        return urls.broker(value)

    @field_validator("progress_url")
    @classmethod
    def _progress(cls, value: str) -> str:
        if value and not urls.progress(value):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return urls.progress(value)

    @field_validator("blob_url")
    @classmethod
    def _store(cls, value: str) -> str:
        return urls.store(value)

    @model_validator(mode="before")
    @classmethod
    def _defaults_in_home(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Raises nothing, so that every field is still looked at by itself."""
        home = Path(values.get("home") or "var").expanduser().resolve()
        filled = {"home": home} | {key: value for key, value in values.items() if value != ""}
        filled.setdefault("database_url", f"sqlite:///{home}/grader.db")
        filled.setdefault("broker_url", urls.private_redis(home))
        filled.setdefault("progress_url", urls.progress(str(filled["broker_url"])))
        filled.setdefault("blob_url", str(home / "blobs"))
        filled.setdefault("internal_url", filled.get("public_url", cls.model_fields["public_url"].default))
        return filled

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Settings as they were given, `overrides` first. Raises SettingsError, which names all that is wrong.

        Makes `home` and, where no secret key is given, the file `home/secrets.json` that keeps one.
        """
        settings, found = cls.look(**overrides)
        for warning in found.warnings:
            log.warning(warning)
        if settings.secret_key.get_secret_value():
            return settings
        return settings.model_copy(update={"secret_key": SecretStr(kept_secret(settings.home))})

    @classmethod
    def look(cls, **overrides: Any) -> tuple[Self, Gathered]:
        """The settings and where they came from, without making anything. Raises SettingsError."""
        found = gather(cls.model_fields)
        problems = list(found.problems)
        values = {name: given.value for name, given in found.given.items()}
        try:
            settings = cls(**{**values, **overrides})
        except ValidationError as error:
            # What was given for nothing has its value from another setting, which is named already.
            told = [one for one in error.errors() if not one["loc"] or one["loc"][0] in {*values, *overrides}]
            problems += [_sentence(problem, found) for problem in told]
        if problems:  # a misspelt name is often why another one is missing
            raise SettingsError("\n".join([*problems, *(f"Note: {warning}" for warning in found.warnings)]))
        return settings, replace(found, warnings=(*found.warnings, *_notes(settings)))


def _notes(settings: Settings) -> list[str]:
    """What can be used as it is, and is hardly what was meant."""
    notes = []
    if settings.oidc_client_id and not settings.oidc_issuer:
        notes.append("GRADER_OIDC_CLIENT_ID is set without GRADER_OIDC_ISSUER, so there is no single sign-on")
    if not settings.assignments_dir.is_dir():
        notes.append(f"GRADER_ASSIGNMENTS_DIR: there is no folder {settings.assignments_dir}, so no assignments")
    return notes


def _sentence(problem: Any, found: Gathered) -> str:
    text = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return text
    name = str(problem["loc"][0])
    source = found.given[name].source if name in found.given else variable(name)
    where = "" if source == variable(name) else f" (from {source})"
    return f"{variable(name)}{where}: {text.removeprefix(variable(name)).lstrip()}"


def kept_secret(home: Path) -> str:
    """The key in `home/secrets.json`, made on first use, readable by its owner only.

    Several processes may start at once: the first one wins, and nobody ever reads half a file.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secrets.json"
    if not path.exists():
        with suppress(FileExistsError), whole_file(path, replace=False) as file:
            file.write(json.dumps({"secret_key": secrets.token_urlsafe(48)}).encode())
    try:
        key = json.loads(path.read_text())["secret_key"]
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"{path} holds no secret key: restore it or delete it to have a new one") from None
    if not isinstance(key, str) or len(key) < LEAST_KEY_CHARACTERS:
        raise SettingsError(f"{path} holds a secret key that is too short: delete it to have a new one")
    return key
