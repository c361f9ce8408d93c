from __future__ import annotations

from datetime import timedelta

import pytest

from grader.accounts import queries
from grader.accounts import service as accounts
from grader.accounts.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidToken,
    SignInFailed,
    TokenNotFound,
    WeakPassword,
)
from grader.audit.queries import entries_for
from grader.audit.service import Actor
from grader.db.models import User
from grader.time import utc_now
from grader.wiring import Backend
from tests.support.world import TEST

PASSWORD = "correct horse"


@pytest.fixture
def ada(backend: Backend) -> User:
    with backend.writing() as session:
        return accounts.create_user(session, email=" Ada@Example.org ", name="Ada  L.", password=PASSWORD, by=TEST)


def test_the_right_password_signs_in_whatever_the_case_of_the_address(backend: Backend, ada: User) -> None:
    with backend.reading() as session:
        assert accounts.authenticate(session, email="ADA@example.ORG", password=PASSWORD).id == ada.id
    assert (ada.email, ada.name) == ("ada@example.org", "Ada L.")


def test_the_password_is_kept_as_an_argon2_hash(ada: User) -> None:
    assert ada.password_hash is not None
    assert ada.password_hash.startswith("$argon2id$")
    assert PASSWORD not in ada.password_hash


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong horse"),
        ("ada@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("ada@example.org", "x" * 100_000),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_anything_else_does_not(backend: Backend, ada: User, email: str, password: str) -> None:
    with backend.reading() as session, pytest.raises(SignInFailed):
        accounts.authenticate(session, email=email, password=password)


def test_an_unknown_address_costs_a_hash_too(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = accounts._hasher

    class Watching:
        def hash(self, password: str) -> str:
            return real.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(accounts, "_hasher", Watching())
    with backend.reading() as session, pytest.raises(SignInFailed):
        accounts.authenticate(session, email="nobody@example.org", password=PASSWORD)
    assert [stored[:10] for stored in verified] == ["$argon2id$"]


def test_an_inactive_user_can_neither_sign_in_nor_use_tokens(backend: Backend, ada: User) -> None:
    with backend.writing() as session:
        issued = accounts.issue_token(session, user=ada, label="laptop", by=Actor.of(ada))
        accounts.set_active(session, user=session.merge(ada), active=False, by=TEST)
    with backend.reading() as session:
        with pytest.raises(SignInFailed):
            accounts.authenticate(session, email=ada.email, password=PASSWORD)
        assert accounts.user_for_token(session, secret=issued.secret) is None


def test_a_user_without_a_password_cannot_sign_in(backend: Backend) -> None:
    with backend.writing() as session:
        accounts.create_user(session, email="sso@example.org", name="S", by=TEST)
    with backend.reading() as session, pytest.raises(SignInFailed):
        accounts.authenticate(session, email="sso@example.org", password="")


def test_an_old_hash_is_renewed_at_the_next_sign_in(backend: Backend, ada: User) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with backend.writing() as session:
        session.get_one(User, ada.id).password_hash = old
    with backend.writing() as session:
        accounts.authenticate(session, email=ada.email, password=PASSWORD)
    with backend.reading() as session:
        assert session.get_one(User, ada.id).password_hash != old
        assert accounts.authenticate(session, email=ada.email, password=PASSWORD).id == ada.id


def test_one_address_has_one_account(backend: Backend, ada: User) -> None:
    with backend.writing() as session, pytest.raises(EmailTaken):
        accounts.create_user(session, email="ADA@example.org", name="Other", by=TEST)


@pytest.mark.parametrize("email", ["", "ada", "a@b", "a b@c.de", "a@b.c\x00", "x" * 250 + "@example.org"])
def test_what_is_no_address_is_refused(backend: Backend, email: str) -> None:
    with backend.writing() as session, pytest.raises(InvalidEmail):
        accounts.create_user(session, email=email, name="X", by=TEST)


@pytest.mark.parametrize("password", ["", "short", "x" * 300])
def test_a_password_too_short_or_too_long_is_refused(backend: Backend, password: str) -> None:
    with backend.writing() as session, pytest.raises(WeakPassword):
        accounts.create_user(session, email="a@example.org", name="A", password=password, by=TEST)


def test_a_token_acts_for_its_user_within_its_scopes(backend: Backend, ada: User) -> None:
    with backend.writing() as session:
        issued = accounts.issue_token(session, user=ada, label="ci", scopes=["read"], by=Actor.of(ada))
    with backend.writing() as session:
        found = accounts.user_for_token(session, secret=issued.secret)
    assert found is not None
    assert (found.user.id, found.scopes) == (ada.id, frozenset({"read"}))
    with backend.reading() as session:
        stored = queries.tokens_of(session, ada)[0]
        assert stored.last_used_at is not None
        assert issued.secret not in (stored.token_hash, stored.hint)
        assert accounts.user_for_token(session, secret=issued.secret + "x") is None


def test_the_use_of_a_token_is_noted_once_a_minute(backend: Backend, ada: User) -> None:
    now = utc_now()
    with backend.writing() as session:
        secret = accounts.issue_token(session, user=ada, label="ci", by=TEST).secret
    for later in (0, 30, 90):
        with backend.writing() as session:
            accounts.user_for_token(session, secret=secret, now=now + timedelta(seconds=later))
        with backend.reading() as session:
            assert queries.tokens_of(session, ada)[0].last_used_at == now + timedelta(seconds=90 if later > 60 else 0)


def test_a_token_ends_when_it_expires_or_is_revoked(backend: Backend, ada: User) -> None:
    now = utc_now()
    with backend.writing() as session:
        short = accounts.issue_token(session, user=ada, label="a", expires_at=now + timedelta(hours=1), by=TEST)
        gone = accounts.issue_token(session, user=ada, label="b", by=TEST)
        accounts.revoke_token(session, token_id=gone.token.id, user=ada, by=Actor.of(ada))
    with backend.reading() as session:
        assert accounts.user_for_token(session, secret=short.secret, now=now) is not None
        assert accounts.user_for_token(session, secret=short.secret, now=now + timedelta(hours=1)) is None
        assert accounts.user_for_token(session, secret=gone.secret) is None
        assert [e.action for e in entries_for(session, "api_token", gone.token.id)] == ["token.revoked", "token.issued"]


def test_nobody_revokes_the_token_of_another(backend: Backend, ada: User) -> None:
    with backend.writing() as session:
        bob = accounts.create_user(session, email="bob@example.org", name="Bob", by=TEST)
        issued = accounts.issue_token(session, user=ada, label="ci", by=TEST)
        with pytest.raises(TokenNotFound):
            accounts.revoke_token(session, token_id=issued.token.id, user=bob, by=Actor.of(bob))


def test_a_scope_that_does_not_exist_is_refused(backend: Backend, ada: User) -> None:
    with backend.writing() as session, pytest.raises(InvalidToken, match="root"):
        accounts.issue_token(session, user=ada, label="ci", scopes=["read", "root"], by=TEST)
