"""Reaching MLflow: within seconds, or with one sentence.

What lives here: where MLflow is, the check that it answers, and a client whose failures are sentences without secrets.
"""

from __future__ import annotations

import errno
import fcntl
import http.client
import logging
import os
import sqlite3
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fraud_assets.errors import Mendable, is_refusal, refusal

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRACKING_URI = "MLFLOW_TRACKING_URI"
_SQLITE = "sqlite:///"
_SQLITE_BEGINS = b"SQLite format 3\0"
#: Databases that MLflow keeps its records in, over a driver that it does not bring along.
_DATABASES = ("postgresql", "mysql", "mssql")
#: Seconds in which a server must answer before anything is sent to it.
PATIENCE = 4
#: Seconds that whoever records in the same SQLite store is waited for: a month's record takes some ten of them.
LOCK_PATIENCE = 120
#: MLflow's own defaults hang for four minutes when a server goes away.
_CLIENT_LIMITS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MlflowError(Mendable):
    """Something about MLflow that its user can mend; the message is one sentence."""


def tracking_uri() -> str:
    """Where MLflow keeps its records: ``MLFLOW_TRACKING_URI``, else an SQLite file under the instance's folder.

    Raises
    ------
    MlflowError
        If the folder's name would be another one in an address.
    """
    if uri := os.environ.get(TRACKING_URI, "").strip():
        return uri
    home = Path(os.environ.get("DAGSTER_HOME") or ".").expanduser().absolute()
    if is_misread(str(home)):
        raise MlflowError(
            f"MLflow's records would be in {home}, but a ? or a code such as %20 in that is read as part of an address;"
            f" work in another folder, or set {TRACKING_URI}"
        )
    return f"sqlite:///{home / '.dagster' / 'mlflow.db'}"


def is_misread(folder: str) -> bool:
    """Whether a folder's name means another one where it stands in the address of a database."""
    return "?" in folder or unquote(folder) != folder


@contextmanager
def client() -> Iterator[MlflowClient]:
    """A client of an MLflow that answers.

    An SQLite store is this process's alone until the block ends, so that of two that look for a month's record and find
    none, the second one finds the first one's. Blocks must not be nested.

    Raises
    ------
    MlflowError
        If it does not answer within seconds, if its address is of no use, or if it refuses what it is asked.
    """
    uri = tracking_uri()
    check_reachable()
    for variable, value in _CLIENT_LIMITS.items():
        os.environ.setdefault(variable, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MLflow's modules say about one another while they load
        import mlflow.pyfunc  # noqa: F401 (the record needs it; loading it says most)
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it tells with a page of traceback is raised as well, and told below in a sentence.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # between MLflow, pandas and SQLAlchemy
            with _alone(uri):
                _check_unlocked(uri)
                with _made_whole(uri):
                    found = MlflowClient(tracking_uri=uri, registry_uri=uri)
                    if uri.startswith(_SQLITE):  # both stores are opened, and their tables made, while nobody else does
                        found.search_experiments(max_results=1)
                        found.search_registered_models(max_results=1)
                yield found
    except (MlflowException, SQLAlchemyError) as error:
        raise MlflowError(f"MLflow at {public(uri)} refused or broke off: {_told(error, uri)}") from None
    except OSError as error:
        if not is_refusal(error):
            raise
        file = f" at {error.filename2 or error.filename}" if error.filename else ""
        raise MlflowError(f"MLflow at {public(uri)} broke off{file}: {refusal(error)}, then run it again") from None


@contextmanager
def _alone(uri: str) -> Iterator[None]:
    """Hold the lock of an SQLite store.

    Two processes that make its tables at once break one another's migration, and two that record the same month at once
    do so twice. A server makes its tables before it answers and has no lock to offer: there runs are kept apart by the
    bank's pool, which lets one at a time start. Past the pool, from two instances or two terminals, the same month can
    be recorded twice, by two versions of the same model, and the aliases follow one of them.
    """
    if not uri.startswith(_SQLITE):
        yield
        return
    database = _file(uri)
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        _wait_for(lock, database)  # let go when the file is closed, also by a kill
        yield


def _wait_for(lock: IO[str], database: Path) -> None:
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - begun > LOCK_PATIENCE:
                raise MlflowError(
                    f"MLflow's database {database} is in use by another run of fraud_assets for more than"
                    f" {LOCK_PATIENCE} seconds; wait for that run or stop it, then run it again"
                ) from None
            time.sleep(0.05)
        else:
            return


def _check_unlocked(uri: str) -> None:
    """That an SQLite store can be written: MLflow itself would try five times as long, once for each of its questions.

    The store's lock keeps out those who record with this module, and nobody else.
    """
    if not uri.startswith(_SQLITE) or not _file(uri).exists():
        return
    database = _file(uri)
    try:
        with closing(sqlite3.connect(database, timeout=PATIENCE, isolation_level=None)) as asked:
            asked.execute("BEGIN IMMEDIATE")
            asked.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        match error.sqlite_errorcode & 0xFF:  # without what SQLite adds to it
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                problem = f"is locked by another program for more than {PATIENCE} seconds; end that"
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                problem = f"cannot be written ({error}); mend its permissions, or correct {TRACKING_URI}"
            case _:
                return  # MLflow will say
        raise MlflowError(f"MLflow's database {database} {problem}, then run it again") from None


@contextmanager
def _made_whole(uri: str) -> Iterator[None]:
    """Make the tables of a new SQLite store inside the block; one that was left half-made is made again from nothing.

    A kill in between would leave a store on which each later migration breaks. Nothing has been recorded in it yet. The
    store's lock must be held.
    """
    if not uri.startswith(_SQLITE):
        yield
        return
    database = _file(uri)
    sign = database.with_name(f"{database.name}.unfinished")
    if sign.exists():
        for ending in ("", "-journal", "-wal", "-shm"):
            database.with_name(f"{database.name}{ending}").unlink(missing_ok=True)
    if not database.exists() or database.stat().st_size == 0:
        sign.touch()
    yield
    sign.unlink(missing_ok=True)


def check_reachable() -> None:
    """See within seconds that the address is of use: a server that answers, or a database file that can be made.

    Raises
    ------
    MlflowError
        If it is not.
    """
    uri = tracking_uri()
    if uri.startswith(_SQLITE):
        _check_file(_file(uri))
    elif urlsplit(uri).scheme.partition("+")[0] in _DATABASES:
        _check_database(uri)
    elif uri.startswith(("http://", "https://")):
        try:
            with urllib.request.urlopen(f"{public(uri)}/health", timeout=PATIENCE):  # noqa: S310 (http or https)
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return  # it answers, if only to ask who is there
            problem = f"answers with status {error.code}"
        except TimeoutError:
            problem = f"does not answer within {PATIENCE} seconds"
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            silent = isinstance(reason, TimeoutError)
            problem = f"does not answer within {PATIENCE} seconds" if silent else f"cannot be reached: {reason}"
        except http.client.HTTPException:
            problem = "does not answer as a web server does"
        raise MlflowError(
            f"the MLflow server {public(uri)} {problem}; start it, or correct or unset {TRACKING_URI}"
        ) from None
    elif "://" not in uri or uri.startswith("file:"):
        raise MlflowError(f"{TRACKING_URI} is {uri!r}; a server's http(s) address or sqlite:///path is needed")


def _file(uri: str) -> Path:
    """The file of an SQLite store."""
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def _check_file(database: Path) -> None:
    """That a file is an SQLite database, or can become one: MLflow itself would try for a minute."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MlflowError(
            f"the folder {database.parent} of MLflow's database cannot be made: {refusal(error)}"
        ) from None
    if not os.access(database.parent, os.W_OK | os.X_OK):
        raise MlflowError(
            f"the folder {database.parent} of MLflow's database cannot be written; mend its permissions, or set"
            f" {TRACKING_URI} to another place"
        )
    try:
        with database.open("rb") as file:
            begins = file.read(len(_SQLITE_BEGINS))
    except FileNotFoundError:
        return
    except OSError as error:
        raise MlflowError(f"MLflow's database {database} cannot be read: {refusal(error)}") from None
    if begins not in (b"", _SQLITE_BEGINS):
        raise MlflowError(
            f"{database} is no SQLite database, so that MLflow cannot keep its records there; move it away, or correct"
            f" or unset {TRACKING_URI}"
        )


def _check_database(uri: str) -> None:
    """That a database server can be connected to: MLflow itself would try for a minute."""
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    try:
        sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool).connect().close()
    except (ImportError, SQLAlchemyError) as error:
        raise MlflowError(
            f"MLflow's database {public(uri)} cannot be used: {_told(error, uri)}; install what is missing, or correct"
            f" or unset {TRACKING_URI}"
        ) from None
    except ValueError:  # a port that is no number, and may be a part of the password
        raise MlflowError(
            f"{TRACKING_URI} is no address such as postgresql://user:password@host:5432/database"
        ) from None


def public(uri: str) -> str:
    """The address without user and password, and without what follows a question mark."""
    server = urlsplit(uri).netloc
    # Not put together again from its parts: of ``sqlite:////folder`` that leaves out a slash or two.
    return uri.partition("#")[0].partition("?")[0].replace(server, server.rpartition("@")[2], 1).rstrip("/")


def _told(error: Exception, uri: str) -> str:
    """The first line of an error, without user and password."""
    text = (str(error).splitlines() or [type(error).__name__])[0]
    if "Response body: '<" in text:  # a page for browsers
        return f"its answer is not an MLflow server's; correct or unset {TRACKING_URI}"
    if "database or disk is full" in text:
        return f"{refusal(OSError(errno.ENOSPC, text))}, then run it again"
    return text.replace(uri, public(uri)).replace(urlsplit(uri).netloc or uri, urlsplit(public(uri)).netloc)
