"""URLs of databases and brokers, in the one spelling that each library understands."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# A unix socket's path has at most 108 bytes on Linux and 104 on macOS, one of them the final NUL.
LONGEST_SOCKET_PATH = 100

BROKERS = ("redis://", "rediss://", "redis+socket://", "amqp://", "amqps://", "memory://")

# Object stores by scheme, with the package that speaks to each.
STORES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"}


def database(url: str) -> str:
    """`url` with the driver that we install. Raises ValueError for databases that we do not know."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url.startswith("sqlite:///"):
        return url
    raise ValueError("GRADER_DATABASE_URL must begin with postgresql:// or sqlite:///")


def broker(url: str, variable: str = "GRADER_BROKER_URL") -> str:
    """`url` as Celery wants it. Raises ValueError for brokers that we do not know."""
    if url.startswith("unix://"):
        parts = urlsplit(url)
        number = parse_qs(parts.query).get("db", ["0"])[0]
        return f"redis+socket://{parts.path}?virtual_host={number}"
    if not url.startswith(BROKERS):
        raise ValueError(f"{variable} must begin with redis://, rediss://, unix://, amqp:// or amqps://")
    return url


def progress(url: str) -> str:
    """`url` as redis-py wants it; "" where the broker is no Redis: then pages ask the database instead."""
    if url.startswith("redis+socket://"):
        parts = urlsplit(url)
        number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        return f"unix://{parts.path}?db={number}"
    return url if url.startswith(("redis://", "rediss://", "unix://")) else ""


def store(url: str) -> str:
    """`url` as it is: a folder, or an object store. Raises ValueError where no notebook could be kept there."""
    scheme, separator, place = url.partition("://")
    if not separator or scheme in ("file", "memory"):
        return url
    if scheme not in STORES:
        raise ValueError("must be a folder, or begin with s3:// (or gs://, az://)")
    if not place.strip("/"):
        raise ValueError(f"names no bucket; write {scheme}://bucket or {scheme}://bucket/prefix")
    if find_spec(STORES[scheme]) is None:
        raise ValueError(f"{scheme}:// needs a package that is not here: pip install {STORES[scheme]}")
    return url


def web(url: str) -> str:
    """`url` as it is. Raises ValueError where no browser could open it, or where more stands in it than an address."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number or too large, or half an IPv6 address
        named = False
    if not named or any(character.isspace() for character in url):
        raise ValueError("must be an address with a host, like https://grader.example.org")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address without ?, # and user name")
    return url


def redis_socket(home: Path) -> Path:
    """Where the private Redis of `home` listens: in `home`, or in a short folder when that is too long."""
    path = home / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"grader-{os.getuid()}-{name}" / "redis.sock"


def private_redis(home: Path) -> str:
    return f"redis+socket://{redis_socket(home)}?virtual_host=0"
