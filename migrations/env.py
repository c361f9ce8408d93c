"""How Alembic reaches the database: the connection that `grader.db.migrate` gives, else GRADER_DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from grader.db.migrate import OPTIONS, connection_for
from grader.db.models import Base
from grader.settings import Settings


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(url=Settings.load().database_url, target_metadata=Base.metadata, literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    with connection_for(Settings.load().database_url) as own:
        run(own)
