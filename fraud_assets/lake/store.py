"""The lake as an object store: one root, on disk or on S3, behind small doors.

What lives here: opening a root, reading, listing, deleting, and writing one object so that it appears whole or not at
all. What does not: which keys there are (``paths``) and what is in them (``writing``).
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import obstore
import polars as pl
from obstore.store import LocalStore, S3Store

from fraud_assets.errors import Mendable
from fraud_assets.lake.paths import STAGING, month_of

#: A part of an S3 upload, and how many of them may be under way: together the memory an upload takes.
PART_BYTES = 8 * 1024 * 1024
PARTS_UNDER_WAY = 3


class LakeError(Mendable):
    """Something about the lake that its user can mend; the message is one sentence."""


class Writer(Protocol):
    """What a table or a file is streamed into."""

    def write(self, data: bytes, /) -> int: ...


@dataclass(frozen=True)
class Lake:
    """One root and everything under it. Open it with :meth:`from_url`.

    Attributes
    ----------
    url
        The root, an absolute path or ``s3://bucket/prefix``, without a slash at its end.
    """

    url: str
    _store: LocalStore | S3Store = field(repr=False, compare=False)

    @classmethod
    def from_url(cls, root: str | os.PathLike[str]) -> Lake:
        """Open a lake: on disk the folder is made if need be, on S3 nothing is asked of the server yet.

        Parameters
        ----------
        root
            A path on disk, or ``s3://bucket/prefix``. For S3 the usual ``AWS_*`` variables give credentials, region
            and, for any server other than Amazon's, ``AWS_ENDPOINT_URL``.

        Raises
        ------
        LakeError
            If the root is neither a path nor an S3 URL with a bucket, the folder cannot be made, only half of the
            credentials is set, or their profile is of no use.
        """
        root = os.fspath(root).strip()
        if not root:
            raise LakeError("the lake's root is empty; set FRAUD_ASSETS_LAKE to a path or to s3://bucket/prefix")
        if "://" not in root:
            path = Path(root).expanduser().absolute()
            _make_folder(path)
            return cls(str(path), LocalStore(path))
        if not root.startswith("s3://"):
            raise LakeError(
                f"the lake's root starts with {root.split('://')[0]}://; a path or s3://bucket/prefix is needed"
            )
        bucket, _, prefix = root.removeprefix("s3://").strip("/").partition("/")
        if not bucket or "@" in bucket:
            raise LakeError(
                "the lake's root names no S3 bucket; s3://bucket/prefix is needed, credentials come from AWS_*"
            )
        if prefix and {"", ".", ".."} & set(prefix.split("/")):
            raise LakeError(f"the lake's root s3://{bucket}/{prefix} has an empty folder, '.' or '..'; leave that out")
        return cls(f"s3://{bucket}/{prefix}".rstrip("/"), _s3_store(bucket, prefix))

    @property
    def bucket(self) -> str | None:
        """The S3 bucket; None on disk."""
        return urlsplit(self.url).netloc if self.url.startswith("s3://") else None

    @property
    def prefix(self) -> str:
        """What stands before every key in the bucket, with a slash at its end unless it is empty; empty on disk."""
        path = urlsplit(self.url).path.strip("/") if self.bucket else ""
        return path and f"{path}/"

    @property
    def path(self) -> Path | None:
        """The root's folder; None on S3."""
        return None if self.bucket else Path(self.url)

    def uri(self, key: str) -> str:
        """The full address of a key, for metadata and for other tools."""
        return f"{self.url}/{key}"

    def exists(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def list(self, folder: str = "") -> list[str]:
        """All keys below a folder (the root by default), sorted; half-written files are not among them."""
        found = (item["path"] for batch in obstore.list(self._store, folder or None) for item in batch)
        return sorted(key for key in found if not key.startswith(f"{STAGING}/"))

    def read_bytes(self, key: str) -> bytes:
        """A small object.

        Raises
        ------
        LakeError
            If there is no such object.
        """
        try:
            return obstore.get(self._store, key).bytes().to_bytes()
        except FileNotFoundError:
            raise LakeError(f"{self.uri(key)} does not exist") from None

    def sha256(self, key: str) -> str:
        """The SHA-256 of an object as it is stored now, to hold against the one recorded when it was written."""
        digest = hashlib.sha256()
        for part in obstore.get(self._store, key).stream(min_chunk_size=PART_BYTES):
            digest.update(part)
        return digest.hexdigest()

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if it does not exist."""
        if self.exists(key):
            obstore.delete(self._store, key)

    @contextmanager
    def open_writer(self, key: str) -> Iterator[Writer]:
        """Write one object; it appears, or replaces the one before, when the block ends without an exception.

        After an exception, and after a kill at any instant, the object is what it was before.
        """
        if self.path:
            with _staged_file(self.path, key) as file:
                yield file
        else:
            with obstore.open_writer(
                self._store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_UNDER_WAY
            ) as upload:
                yield upload

    def scan_parquet(self, keys: Sequence[str], *, month_column: bool = False) -> pl.LazyFrame:
        """One LazyFrame over Parquet objects, in the order given.

        Parameters
        ----------
        keys
            At least one.
        month_column
            Add the ``month`` of the folder's name as a last column.
        """
        options = self.polars_storage_options()
        has_keys = "aws_access_key_id" in options

        def scan(*wanted: str) -> pl.LazyFrame:
            return pl.scan_parquet(
                [self.uri(key) for key in wanted],
                # A root may have any sign in it: [ and * would stand for other folders, and a=b for a column.
                glob=False,
                hive_partitioning=False,
                storage_options=options or None,
                # Left to itself, polars would not look at a profile once it is given an endpoint.
                credential_provider=pl.CredentialProviderAWS() if self.bucket and not has_keys else None,
            )

        if not month_column:
            return scan(*keys)
        return pl.concat([scan(key).with_columns(month=pl.lit(month_of(key), dtype=pl.String)) for key in keys])

    @contextmanager
    def naming_what_is_broken(self, keys: Sequence[str]) -> Iterator[None]:
        """What polars cannot read of these Parquet objects inside the block is said with the object's address.

        Raises
        ------
        LakeError
            If one of them does not exist, or is cut off or damaged. Polars itself does not say which.
        """
        try:
            yield
        except (pl.exceptions.PolarsError, FileNotFoundError):
            for key in keys:  # one by one, and whole: only now does it matter which
                try:
                    for _ in self.scan_parquet([key]).collect_batches():
                        pass
                except FileNotFoundError:
                    raise LakeError(f"{self.uri(key)} does not exist; materialize it") from None
                except pl.exceptions.PolarsError as error:
                    problem = str(error).partition("\n")[0]
                    raise LakeError(f"{self.uri(key)} cannot be read ({problem}); materialize it again") from None
            raise

    def polars_storage_options(self) -> dict[str, Any]:
        """What polars' own readers need for this lake, as ``storage_options``; empty on disk.

        Holds credentials if the environment does: not for logs.
        """
        if not self.bucket:
            return {}
        options: dict[str, Any] = {f"aws_{name}": value for name, value in _s3_config().items()}
        # Two quick retries: polars alone would try an endpoint that refuses connections for 18 seconds.
        return {**options, "aws_allow_http": "true", "max_retries": 2, "retry_timeout_ms": 10_000}


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(
            f"lake {path}: the folder cannot be made ({error.strerror}); "
            "set FRAUD_ASSETS_LAKE to a folder that can be written, or to s3://bucket/prefix"
        ) from error


@contextmanager
def _staged_file(root: Path, key: str) -> Iterator[Writer]:
    """A file beside the tables that is moved to its place, in one step of the file system, when it is complete."""
    staging = root / STAGING / f"{uuid.uuid4().hex}.part"
    staging.parent.mkdir(parents=True, exist_ok=True)
    try:
        with staging.open("wb") as file:
            yield file
        target = root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.replace(target)
    finally:
        staging.unlink(missing_ok=True)


def s3_endpoint(environment: Mapping[str, str] = os.environ) -> str | None:
    """The S3 server's URL; None for Amazon's own."""
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None


def _s3_config() -> dict[str, str]:
    """Endpoint, region and credentials, from the usual AWS_* variables."""
    variables = {
        "endpoint_url": s3_endpoint(),
        "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "access_key_id": os.environ.get("AWS_ACCESS_KEY_ID"),
        "secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": os.environ.get("AWS_SESSION_TOKEN"),
    }
    config = {name: value for name, value in variables.items() if value}
    if ("access_key_id" in config) != ("secret_access_key" in config):
        raise LakeError("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set; set both, or AWS_PROFILE")
    return config


def _s3_store(bucket: str, prefix: str) -> S3Store:
    config = _s3_config()
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,  # type: ignore[arg-type]  # a TypedDict of optional keys
        client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "120s"},
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=60)},
        credential_provider=None if "access_key_id" in config else _boto3_credentials(),
    )


def _boto3_credentials() -> Any:
    """Credentials of an AWS profile, a web identity or an instance role; None if there are none (preflight says so)."""
    import boto3
    from botocore.exceptions import BotoCoreError, ProfileNotFound
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        session = boto3.Session()
        return Boto3CredentialProvider(session) if session.get_credentials() else None
    except ProfileNotFound:
        raise LakeError(
            f"AWS_PROFILE {os.environ.get('AWS_PROFILE')} is in no AWS configuration file; mend it, or set"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from None
    except BotoCoreError as error:  # such as a configuration file that cannot be read
        raise LakeError(f"the lake's credentials cannot be had: {' '.join(str(error).split())}") from None
