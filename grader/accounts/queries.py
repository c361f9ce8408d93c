from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from grader.db.models import ApiToken, User


def user_by_id(session: Session, user_id: str) -> User | None:
    return session.get(User, user_id)


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this address, in whatever case it is written."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def users_by_email(session: Session, emails: Collection[str]) -> dict[str, User]:
    """Those that there are, by their addresses as accounts have them."""
    addresses = {email.strip().lower() for email in emails}
    return {user.email: user for user in session.scalars(select(User).where(User.email.in_(addresses)))}


def tokens_of(session: Session, user: User) -> list[ApiToken]:
    """The user's tokens, newest first, revoked ones too."""
    query = select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return list(session.scalars(query))


def token_by_hash(session: Session, token_hash: str) -> ApiToken | None:
    query = select(ApiToken).where(ApiToken.token_hash == token_hash).options(joinedload(ApiToken.user))
    return session.scalar(query)
