"""For tests of your own assets: an S3 server on this machine, and a lake on it.

Needs ``pip install fraud_assets[testing]``. As pytest fixtures, in your ``conftest.py``::

    from fraud_assets.testing import s3_lake, s3_server

or, anywhere, as context managers: ``with moto_server() as endpoint, lake_on_s3(endpoint) as url: ...``.

It is a server, not ``moto.mock_aws``: polars and obstore speak to S3 from Rust, where that mock sees nothing, and they
would go to the real Amazon with whatever credentials they find.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

#: What the server is given to sign with. It checks nothing.
CREDENTIALS: Mapping[str, str] = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

#: Everything else that could lead a test to somebody's real account; None is unset.
_ENVIRONMENT: Mapping[str, str | None] = {
    **CREDENTIALS,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_SESSION_TOKEN": None,
    "AWS_PROFILE": None,
    "AWS_ENDPOINT_URL_S3": None,
}


@contextmanager
def environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables (None: unset) and put the old ones back at the end."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def no_real_aws() -> Iterator[None]:
    """Dummy ``AWS_*`` variables, and an endpoint where nobody answers, so that no test can reach a real account."""
    with environment({**_ENVIRONMENT, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}):
        yield


@contextmanager
def moto_server() -> Iterator[str]:
    """An S3 server in a thread of this process, on a free port of the loopback address; yields its URL."""
    from moto.server import ThreadedMotoServer

    # A line a request, and a traceback for each upload that a test breaks off on purpose.
    requests_log = logging.getLogger("werkzeug")
    level = requests_log.level
    requests_log.setLevel(logging.CRITICAL + 1)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        requests_log.setLevel(level)


@contextmanager
def lake_on_s3(endpoint: str) -> Iterator[str]:
    """A lake in a new bucket of the server; yields its root, ``s3://<bucket>/lake``.

    Until the end of the block the ``AWS_*`` variables lead to that server, and ``FRAUD_ASSETS_LAKE`` to the lake.
    """
    import boto3

    bucket = f"test-{uuid.uuid4().hex[:12]}"
    root = f"s3://{bucket}/lake"
    with environment({**_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint, "FRAUD_ASSETS_LAKE": root}):
        boto3.client("s3").create_bucket(Bucket=bucket)
        yield root


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """:func:`moto_server`, one for all tests."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3_lake(s3_server: str) -> Iterator[str]:
    """:func:`lake_on_s3`, an empty lake for each test."""
    with lake_on_s3(s3_server) as root:
        yield root
