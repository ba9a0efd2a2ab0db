"""Files that are not the lake's: found on disk or on S3 by a pattern, and opened for reading, never written.

What lives here: :func:`find`. What the files mean is for ``ingest``.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, cast

import obstore
from obstore.store import LocalStore, S3Store

from fraud_assets.lake.store import Lake, LakeError

_WILD = "*?["


@dataclass(frozen=True)
class OutsideFile:
    """One file, as it was when it was found.

    Attributes
    ----------
    name
        Its full address, on disk without ``..`` where no link makes that the address of another file.
    size
        In bytes.
    """

    name: str
    size: int
    _stamp: tuple[object, ...]
    _store: LocalStore | S3Store
    _key: str

    def open(self) -> IO[bytes]:
        """The file from its beginning; it can be sought in."""
        return cast(IO[bytes], io.BufferedReader(_Raw(obstore.open_reader(self._store, self._key))))

    def has_changed(self) -> bool:
        """Whether it is another file by now, or gone."""
        try:
            return _stamp(obstore.head(self._store, self._key)) != self._stamp
        except FileNotFoundError:
            return True


class _Raw(io.RawIOBase):
    """What obstore reads, as Python's own readers want it."""

    def __init__(self, reader: obstore.ReadableFile) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, target: bytearray) -> int:  # type: ignore[override]
        data = bytes(self._reader.read(len(target)))
        target[: len(data)] = data
        return len(data)


def find(location: str, folder: Path) -> list[OutsideFile]:
    """The files of a location, sorted by name; none if there are none.

    Parameters
    ----------
    location
        A path, or ``s3://bucket/key``; ``*``, ``?`` and ``[...]`` stand for parts of names, not of folders'.
        On disk a file or a folder of that very name comes first.
    folder
        What a relative path begins at.

    Raises
    ------
    LakeError
        If a path with a wildcard in a folder's name is asked for that is not the name of one, or a file's name has
        signs that no store of objects takes.
    """
    on_disk = not location.startswith("s3://")
    if not on_disk:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        base, prefix = f"s3://{bucket}", key
    else:
        path = folder / Path(location).expanduser()
        base, prefix = str(path.parent), path.name
    parent, _, name = prefix.rpartition("/")
    if any(sign in (base if on_disk else parent) for sign in _WILD) and not (on_disk and Path(base).is_dir()):
        raise LakeError(f"location {location}: only the file's name may have {' '.join(_WILD)} in it, not a folder's")
    if not prefix or (on_disk and not Path(base).is_dir()):
        return []
    lake = Lake.from_url(base)
    store = lake._store  # the same room
    is_pattern = any(sign in name for sign in _WILD) and not (on_disk and Path(base, name).is_file())
    # Of this folder alone: below it may be any number of files, and some that nobody may read.
    if is_pattern and on_disk:
        names = [entry.name for entry in Path(base).iterdir() if fnmatchcase(entry.name, name) and entry.is_file()]
        listed = [_head(store, one) for one in names]
    elif is_pattern:
        below = obstore.list_with_delimiter(store, parent or None)["objects"]
        listed = [item for item in below if fnmatchcase(item["path"].rpartition("/")[2], name)]
    else:
        try:
            listed = [_head(store, prefix)]
        except FileNotFoundError:
            listed = []
    found = [
        OutsideFile(_shown(lake.uri(item["path"])), item["size"], _stamp(item), store, item["path"]) for item in listed
    ]
    return sorted(found, key=lambda file: file.name)


def _head(store: LocalStore | S3Store, key: str) -> obstore.ObjectMeta:
    try:
        return obstore.head(store, key)
    except ValueError:
        raise LakeError(
            f"a file cannot be named {key!r} here: no control character and nothing but UTF-8 may be in its name;"
            " rename the file"
        ) from None


def _shown(address: str) -> str:
    if "://" in address:
        return address
    long, short = Path(address), Path(os.path.normpath(address))
    return str(short) if long.exists() and short.exists() and short.samefile(long) else address


def _stamp(item: obstore.ObjectMeta) -> tuple[object, ...]:
    return item["size"], item["last_modified"], item.get("e_tag")
