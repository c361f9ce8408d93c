"""What every table shares: names of constraints, identifiers and the types of columns."""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from grader.db.types import CleanJson, CleanText, UtcDateTime
from grader.time import utc_now

# Constraints have names, because a migration can only drop or change what it can name.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

ID_LENGTH = 36
DIGEST_LENGTH = 64  # sha256, hex


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) as text: 48 bits of unix milliseconds, then 74 random bits.

    Rows made later sort later, so an index grows at one end instead of everywhere.
    """
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        str: CleanText(),
        dict[str, Any]: CleanJson(),
        dict[str, str]: CleanJson(),
        list[str]: CleanJson(),
        list[dict[str, Any]]: CleanJson(),
    }


Id = Annotated[str, mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)]
Ref = Annotated[str, mapped_column(String(ID_LENGTH))]  # points to an Id
Digest = Annotated[str, mapped_column(String(DIGEST_LENGTH))]
Created = Annotated[datetime, mapped_column(UtcDateTime(), default=utc_now)]
