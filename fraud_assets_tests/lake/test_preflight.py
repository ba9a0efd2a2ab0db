"""A lake that cannot be reached: one sentence, within five seconds, with the culprit and without secrets."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import traceback
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, cast

import boto3
import pytest

from fraud_assets.lake.preflight import check_lake_reachable, s3_client
from fraud_assets.lake.store import Lake, LakeError


def refusal(root: str | Path) -> str:
    begun = time.monotonic()
    with pytest.raises(LakeError) as refused:  # noqa: PT012  # either may be the one to refuse
        lake = Lake.from_url(root)
        check_lake_reachable(lake)
    assert time.monotonic() - begun < 5
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    return sentence


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch, _no_real_aws: None) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    for scheme in ("http", "https"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)


def test_a_lake_that_is_there_passes(lake: Lake) -> None:
    check_lake_reachable(lake)


def test_a_missing_bucket_is_named(s3_lake: str) -> None:
    assert "bucket no-such-bucket does not exist" in refusal("s3://no-such-bucket/lake")


def test_a_refused_connection_names_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://someone:hunter2@127.0.0.1:{port}")
    assert f"AWS_ENDPOINT_URL http://127.0.0.1:{port}: the server does not answer" in refusal("s3://bucket/lake")


@pytest.mark.parametrize("password", ["hunter2", "ab/hunter2", "hunter2#1", "a@hunter2"])
def test_a_password_in_the_endpoint_is_in_no_message_of_any_library(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Resets(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.connection.close()

    with HTTPServer(("127.0.0.1", 0), Resets) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://someone:{password}@127.0.0.1:{server.server_port}")
        with pytest.raises(LakeError) as refused:  # either may be the one to refuse
            check_lake_reachable(Lake.from_url("s3://bucket/lake"))
        server.shutdown()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


class _Asked(BaseHTTPRequestHandler):
    """A bucket that may be listed, by a server that counts the questions and may lose the first."""

    asked: ClassVar[int] = 0
    first: ClassVar[threading.Event]

    def do_GET(self) -> None:
        _Asked.asked += 1
        if _Asked.asked == 1:
            _Asked.first.wait()
        body = b'<?xml version="1.0"?><ListBucketResult><Name>my-bucket</Name></ListBucketResult>'
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Asked]]:
    """A server of many threads that counts what it is asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Asked) as server:
        _Asked.asked, _Asked.first = 0, threading.Event()
        _Asked.first.set()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield _Asked
        _Asked.first.set()
        server.shutdown()
        thread.join()


def test_a_lake_that_has_answered_is_not_asked_again_by_the_same_process(
    asked: type[_Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        check_lake_reachable(Lake.from_url("s3://my-bucket/lake"))
    assert asked.asked == 1
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEONE-ELSE")
    check_lake_reachable(Lake.from_url("s3://my-bucket/lake"))
    check_lake_reachable(Lake.from_url("s3://my-bucket/other"))
    assert asked.asked == 3


def test_a_question_that_was_lost_is_asked_again(asked: type[_Asked]) -> None:
    asked.first.clear()
    check_lake_reachable(Lake.from_url("s3://my-bucket/lake"), patience_seconds=1.5)
    assert asked.asked == 2


@pytest.mark.usefixtures("asked")
def test_the_clock_stands_still_while_the_client_is_made() -> None:
    makers = []

    def made() -> Any:
        makers.append(threading.current_thread())
        return s3_client()

    check_lake_reachable(Lake.from_url("s3://my-bucket/lake"), client=made)
    assert makers == [threading.current_thread()]  # and not the one that is given up on


def test_a_silent_server_names_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        begun = time.monotonic()
        with pytest.raises(LakeError, match=r"AWS_ENDPOINT_URL .* the server does not answer"):
            check_lake_reachable(Lake.from_url("s3://bucket/lake"), patience_seconds=0.3)
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("listens", [False, True])
def test_nobody_there_is_said_before_a_client_is_made_which_takes_long_on_a_busy_machine(
    listens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers = []

    def made() -> Any:
        makers.append(threading.current_thread())
        return s3_client()

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        if not listens:
            server.close()
        with pytest.raises(LakeError, match=r"AWS_ENDPOINT_URL .* the server does not answer"):
            check_lake_reachable(Lake.from_url("s3://bucket/lake"), patience_seconds=0.3, client=made)
    assert not makers


def test_a_server_without_a_certificate_is_no_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with server_that_says(403, "AccessDenied") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.replace("http:", "https:"))
        sentence = refusal("s3://my-bucket/lake")
    assert "the server speaks http, not https; write AWS_ENDPOINT_URL with http://" in sentence


def test_a_server_that_sends_all_elsewhere_is_no_s3_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with server_that_says(302, "", elsewhere="http://127.0.0.1:1/") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert "the server sends all who ask elsewhere" in refusal("s3://my-bucket/lake")


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_bucket_in_another_region_names_both_regions_and_the_variable(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv(variable, "eu-north-1")
    with server_that_says(301, "PermanentRedirect", region="eu-west-1") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        sentence = refusal("s3://my-bucket/lake")
    assert sentence.endswith(f"bucket my-bucket is in region eu-west-1, not in eu-north-1; mend {variable}")


def test_a_bucket_to_which_only_the_one_who_asks_is_sent_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Led:
        def list_objects_v2(self, **_: Any) -> Any:
            return {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}}}

    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(LakeError, match="is in region eu-west-1, not in us-east-1; mend AWS_REGION"):
        check_lake_reachable(Lake.from_url("s3://far-bucket/lake"), client=lambda: cast("Any", Led()))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv(f"{scheme}_proxy", f"http://someone:hunter2@127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://s3.example.com")
    said = f"there is no answer through the proxy http://127.0.0.1:{port} of {scheme}_proxy; mend it"
    assert said in refusal("s3://my-bucket/lake")


def test_a_proxy_that_refuses_is_not_taken_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with server_that_says(407, "") as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example.com")
        assert f"the proxy {proxy} of http_proxy refuses to ask" in refusal("s3://my-bucket/lake")


def test_a_server_that_sends_browsers_elsewhere_is_no_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with server_that_says(403, "AccessDenied", elsewhere="http://127.0.0.1:1/") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert "may not list bucket my-bucket" in refusal("s3://my-bucket/lake")


def test_an_endpoint_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:9000")
    assert "AWS_ENDPOINT_URL is not a URL" in refusal("s3://bucket/lake")


def test_missing_credentials_name_the_variables(s3_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in refusal(s3_lake)


def test_half_of_the_credentials_name_the_variables(s3_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set" in refusal(s3_lake)


def test_an_unknown_profile_is_named(s3_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE nobody is in no AWS configuration file" in refusal(s3_lake)


@pytest.mark.usefixtures("s3_lake")
def test_a_name_that_no_bucket_can_have_is_named() -> None:
    assert "'Bad_Bucket!' cannot be a bucket's name" in refusal("s3://Bad_Bucket!/lake")


@contextmanager
def server_that_says(status: int, code: str, elsewhere: str | None = None, region: str = "") -> Iterator[str]:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>hunter2</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", elsewhere or "")
            if region:
                self.send_header("x-amz-bucket-region", region)
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.send_response(302 if elsewhere else status)
            self.send_header("Location", elsewhere or "")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name the base class gave it
            """Nothing to the terminal."""

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "culprit"),
    [
        (400, "ExpiredToken", "renew AWS_SESSION_TOKEN"),
        (400, "InvalidToken", "mend AWS_SESSION_TOKEN"),
        (400, "AuthorizationHeaderMalformed", "mend AWS_REGION"),
        (403, "RequestTimeTooSkewed", "this machine's clock"),
        (403, "AccessDenied", "may not list bucket my-bucket"),
        (418, "Teapot", r"refuses to list bucket my-bucket (Teapot)"),
    ],
)
def test_what_the_server_refuses_names_what_to_mend(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, culprit: str
) -> None:
    with server_that_says(status, code) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert culprit in refusal("s3://my-bucket/lake")


@pytest.fixture
def signed_lake(s3_lake: str, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A lake on a server that checks signatures, as a user who may do everything."""
    iam = boto3.client("iam")
    user = f"anna-{uuid.uuid4().hex}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)

    def unchecked_requests(number: bytes) -> None:
        url = f"{s3_server}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, data=number, headers={"Content-Type": "text/plain"})).close()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    unchecked_requests(b"0")
    yield s3_lake
    unchecked_requests(b"inf")


def test_right_credentials_pass(signed_lake: str) -> None:
    check_lake_reachable(Lake.from_url(signed_lake))


def test_a_wrong_access_key_names_its_variable(signed_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    assert "mend AWS_ACCESS_KEY_ID" in refusal(signed_lake)


def test_a_wrong_secret_names_its_variable(signed_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert "mend AWS_SECRET_ACCESS_KEY" in refusal(signed_lake)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>Welcome</body></html>",
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"ok": true}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 404 File not found\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE HTML><html></html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_another_server_than_s3_is_not_taken_for_a_missing_bucket_or_an_empty_lake(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(BaseHTTPRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        sentence = refusal("s3://my-bucket/lake")
        server.shutdown()
        thread.join()
    assert sentence.endswith("its answer is not an S3 server's; mend AWS_ENDPOINT_URL, with https:// if it speaks that")


def test_a_lake_that_may_be_read_alone_is_refused_to_writers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: not mode & os.W_OK)  # as on a disk mounted for reading
    assert "the folder is not writable" in refusal(tmp_path)
    check_lake_reachable(Lake.from_url(tmp_path), writes=False)
