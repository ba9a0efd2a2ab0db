"""The Dagster instance that a command keeps its runs in, and what is said if its folder takes none."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import DBAPIError

from fraud_assets.errors import Mendable, is_refusal, refusal
from fraud_assets.tracking import is_misread


def dagster_home() -> str | None:
    """The folder that ``DAGSTER_HOME`` names, None where it names none.

    Raises
    ------
    ValueError
        If it is not an existing folder, or its name is misread in an address.
    """
    home = os.environ.get("DAGSTER_HOME")
    if home and not (Path(home).expanduser().is_absolute() and Path(home).expanduser().is_dir()):
        raise ValueError(
            f"DAGSTER_HOME is {home!r}; it must be the absolute path of an existing folder; make it, or unset it"
        )
    if home and is_misread(home):
        raise ValueError(f"DAGSTER_HOME is {home!r}; a ? or a code such as %20 makes it another address; take another")
    return home


@contextmanager
def naming_the_instance(home: str | None) -> Iterator[None]:
    """What a disk refuses to Dagster's own records is said with their folder.

    Raises
    ------
    Mendable
        If the folder of ``DAGSTER_HOME`` is full, read-only or locked; the lake's tables are whole.
    """
    try:
        yield
    except DBAPIError as error:
        reason = f"{error.orig}; see to the disk's space and the folder's permissions"
    except OSError as error:
        if not is_refusal(error):
            raise
        reason = refusal(error)
    else:
        return
    raise Mendable(
        f"Dagster cannot keep its records under DAGSTER_HOME {home}: {reason}, then run it again; every table is"
        " whole, as it was before or new"
    ) from None


def open_instance(home: str | None) -> dg.DagsterInstance:
    """The Dagster instance of a folder; without one an instance in memory."""
    if not home:
        return dg.DagsterInstance.ephemeral()
    folder = Path(home).expanduser() / ".dagster"
    folder.mkdir(exist_ok=True)
    with (folder / "instance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that make the tables of a new instance at once break one another's
        return dg.DagsterInstance.get()
