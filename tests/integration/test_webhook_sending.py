"""Sending to receivers that misbehave: bounded in time and size, and never to an address that must not be reached."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
import trustme

from grader.lms.http.addresses import Rules
from grader.lms.webhooks.sending import EXCERPT_BYTES, Answer, Sender
from tests.support.receivers import Receiver, Request, receiving, status

HERE = Rules.of("127.0.0.0/8")
BODY = b'{"type":"endpoint.ping"}'


def send(receiver: Receiver, *, timeout_s: float = 20.0, url: str = "") -> Answer:
    return Sender(HERE, timeout_s=timeout_s).send(url or receiver.url, {"webhook-id": "msg_1"}, BODY)


def test_a_message_arrives_as_it_was_made_and_the_answer_is_kept() -> None:
    with receiving() as receiver:
        answer = send(receiver)
    assert (answer.delivered, answer.status, answer.excerpt, answer.problem) == (True, 200, "thank you", "")
    [(headers, body)] = receiver.got
    assert (headers["webhook-id"], headers["Content-Type"], body) == ("msg_1", "application/json", BODY)
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_a_slow_receiver_is_left_when_the_time_is_up() -> None:
    def sleep(request: Request) -> None:
        request.stopped.wait(30)

    with receiving() as receiver:
        receiver.behave = sleep
        answer = send(receiver, timeout_s=0.5)
    assert (answer.status, answer.problem) == (None, "No answer within 0.5 seconds.")


def test_headers_that_drip_do_not_prolong_the_time() -> None:
    def drip(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not request.stopped.wait(0.1):
            request.wfile.write(b"x")

    with receiving() as receiver:
        receiver.behave = drip
        answer = send(receiver, timeout_s=1.0)
    assert (answer.status, answer.problem) == (None, "No answer within 1 seconds.")


def test_point_07_an_endless_body_is_cut_and_the_status_counts() -> None:
    def endless(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not request.stopped.is_set():
            request.wfile.write(b"y" * 65536)

    with receiving() as receiver:
        receiver.behave = endless
        answer = send(receiver)
    assert answer.delivered
    assert answer.excerpt == "y" * EXCERPT_BYTES


def test_point_07_a_body_that_drips_is_not_waited_for() -> None:
    def drip(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not request.stopped.wait(0.2):
            request.wfile.write(b"z")

    with receiving() as receiver:
        receiver.behave = drip
        answer = send(receiver, timeout_s=1.0)
    assert answer.delivered
    assert 0 < len(answer.excerpt) < 1000


def test_point_07_a_redirect_is_a_failure_and_is_not_followed() -> None:
    with receiving() as inner, receiving() as receiver:
        receiver.behave = status(302, Location=inner.url)
        answer = send(receiver)
    assert not answer.delivered
    assert inner.got == []
    assert "redirects are not followed" in answer.problem


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200", b"this is no HTTP\r\n\r\n"])
def test_a_receiver_that_closes_early_or_speaks_something_else_is_a_failure(begin: bytes) -> None:
    def close(request: Request) -> None:
        request.wfile.write(begin)

    with receiving() as receiver:
        receiver.behave = close
        answer = send(receiver)
    assert (answer.status, answer.problem[:21]) == (None, "The connection broke:")


def test_a_receiver_that_is_not_there_is_a_failure() -> None:
    with receiving() as receiver:
        pass
    assert send(receiver).problem.startswith("No connection")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def to_here(host: str, port: int, timeout_s: float) -> list[str]:
    return ["127.0.0.1"]


def test_tls_is_verified_for_the_name_although_the_address_is_pinned(authority: trustme.CA) -> None:
    sender = Sender(HERE, 20.0, to_here, trusting(authority))
    with receiving(tls_of(authority, "lms.example.org")) as receiver:
        good = sender.send(f"https://lms.example.org:{receiver.port}/hook", {}, BODY)
        wrong_name = sender.send(f"https://other.example.org:{receiver.port}/hook", {}, BODY)
    assert good.delivered, good
    assert "certificate" in wrong_name.problem.lower()
    assert len(receiver.got) == 1


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with receiving(tls_of(authority, "lms.example.org")) as receiver:
        url = f"https://lms.example.org:{receiver.port}/hook"
        answer = Sender(HERE, 20.0, to_here).send(url, {}, BODY)
    assert "certificate" in answer.problem.lower()
    assert receiver.got == []


HOSTILE = (
    "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://2130706433:{port}/", "https://0x7f000001:{port}/",
    "https://0177.0.0.1:{port}/", "https://127.1:{port}/", "https://0:{port}/", "https://0.0.0.0:{port}/",
    "https://localhost:{port}/", "https://[::1]:{port}/", "https://[::]:{port}/", "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/", "https://[64:ff9b::7f00:1]:{port}/", "https://[2002:7f00:1::]:{port}/",
    "https://[::127.0.0.1]:{port}/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://198.18.0.1/",
    "https://[fe80::1]/", "https://[fc00::1]/", "https://224.0.0.1/", "https://255.255.255.255/",
    "https://user:pw@127.0.0.1:{port}/", "https://good.example@127.0.0.1:{port}/", "https://127.0.0.1:{port}\\@x.org/",
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "https://", "", "https://a b/",
    "https://[fe80::1%25lo]:{port}/", "https://127。0。0。1:{port}/", "https://①②⑦.0.0.1:{port}/", "https://[::1",
    "https://x.org:99999/", "https://x.org/\r\nX-Injected: 1",
)  # fmt: skip


def test_point_06_hostile_addresses_never_get_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpcore

    tried: list[object] = []

    def connect(self: object, host: str, *rest: object, **options: object) -> object:
        tried.append(host)
        raise httpcore.ConnectError("a connection was tried")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with receiving() as receiver:
        sender = Sender(Rules(), timeout_s=10.0)
        for url in HOSTILE:
            answer = sender.send(url.format(port=receiver.port), {}, BODY)
            assert answer.status is None, url
            assert answer.problem, url
    assert tried == []
    assert receiver.got == []


def test_point_06_a_name_that_changes_its_mind_gains_nothing() -> None:
    """DNS rebinding: the name is asked once, and the connection goes to what was checked."""
    asked: list[str] = []

    def rebinding(host: str, port: int, timeout_s: float) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with receiving() as receiver:
        answer = Sender(HERE, 20.0, rebinding).send(f"http://x.example.org:{receiver.port}/", {}, BODY)
    assert answer.delivered
    assert len(asked) == 1


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    def mixed(host: str, port: int, timeout_s: float) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    answer = Sender(Rules(), 20.0, mixed).send("https://x.example.org/", {}, BODY)
    assert "10.0.0.1, which is not a public address" in answer.problem


def test_a_name_server_that_does_not_answer_costs_the_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [] * never.wait(30))
    answer = Sender(Rules(), 0.2).send("https://x.example.org/", {}, BODY)
    assert "did not answer in time" in answer.problem
    never.set()


def test_only_what_is_on_the_list_may_be_private_or_without_tls() -> None:
    def private(host: str, port: int, timeout_s: float) -> list[str]:
        return ["10.20.0.6"]

    def public(host: str, port: int, timeout_s: float) -> list[str]:
        return ["93.184.216.34"]

    listed = Rules.of("10.20.0.5/32, 127.0.0.1")
    assert "not a public address" in Sender(listed, 20.0, private).send("https://lms.example.org/", {}, BODY).problem
    assert "https://" in Sender(listed, 20.0, public).send("http://lms.example.org/", {}, BODY).problem
    with receiving() as receiver:
        assert Sender(listed, 20.0).send(receiver.url, {}, BODY).delivered
