"""Clearing up after killed processes: half-written files on disk and unfinished uploads on S3, never visible ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from fraud_assets.lake.paths import STAGING
from fraud_assets.lake.preflight import s3_client
from fraud_assets.lake.store import Lake


def sweep(lake: Lake, older_than: timedelta = timedelta(days=1)) -> list[str]:
    """Delete what killed writers have left behind.

    Parameters
    ----------
    lake
        Only what is under its root is touched.
    older_than
        Younger left-overs stay: a running process may still be writing them.

    Returns
    -------
    list of str
        What was deleted: names of staged files, or the keys of unfinished uploads.
    """
    latest = datetime.now(UTC) - older_than
    return _sweep_disk(lake.path, latest) if lake.path else _sweep_s3(lake.bucket or "", lake.prefix, latest)


def _sweep_disk(root: Path, latest: datetime) -> list[str]:
    swept = []
    for file in sorted((root / STAGING).glob("*.part")):
        if datetime.fromtimestamp(file.stat().st_mtime, UTC) <= latest:
            file.unlink()
            swept.append(file.name)
    return swept


def _sweep_s3(bucket: str, prefix: str, latest: datetime) -> list[str]:
    client = s3_client()
    swept = []
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", []):
            if upload["Initiated"] <= latest:
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                swept.append(upload["Key"])
    return swept
