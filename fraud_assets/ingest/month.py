"""A month of the ledger from a user's files.

Two passes, in memory bounded by a batch and a bucket: every row is read, judged and put into a bucket by its customer's
number; then each bucket is sorted and becomes a chunk of the ledger. A third, smaller heap of numbers finds those that
occur twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from fraud_assets.counting import counted
from fraud_assets.ingest.cells import originals, time_cells
from fraud_assets.ingest.files import IngestError, SourceFile, is_parquet
from fraud_assets.ingest.finish import labels, ledger
from fraud_assets.ingest.repeated import FILE, Copies, repeated
from fraud_assets.ingest.sources import LONGEST_ORIGINAL, Batch, batches
from fraud_assets.ingest.spool import Spool
from fraud_assets.ingest.tables import RejectedTransactions
from fraud_assets.ingest.times import local_start
from fraud_assets.months import Month
from fraud_assets.scenario.source import FilesScenario
from fraud_assets.tables import polars_schema

__all__ = ["IngestError", "Ingested", "ingest_month"]

#: Rows of a bucket, about: what is sorted at once.
BUCKET_ROWS = 150_000
#: Buckets are files, and a process may not open any number of them.
MOST_BUCKETS = 256
#: Rejected rows of a month, at most: they are sorted at once, and so many mean that a setting is wrong.
MOST_REJECTED = 1_000_000
#: Bytes a row takes, about, by kind of file.
_ROW_BYTES = {"parquet": 25, "csv": 80, "gz": 25}

_REJECTED = polars_schema(RejectedTransactions)


@dataclass
class Ingested:
    """A month's rows, waiting on disk as long as the block of :func:`ingest_month` lasts.

    Attributes
    ----------
    files
        Their names, in the order in which they were read.
    read
        Rows read of all files.
    elsewhere
        Rows of other months, which those months account for; those of a local month's hours before the bank's first
        month and after its last (UTC) nobody does.
    duplicates
        Rows with the number of an earlier one; they are among the rejected.
    missing
        Hours of the month, each a sentence, that are in a file of a month beside it which is not there.
    """

    scenario: FilesScenario
    month: Month
    files: list[str]
    read: int = 0
    elsewhere: int = 0
    duplicates: int = 0
    missing: tuple[str, ...] = ()
    _rows: Spool = field(repr=False, kw_only=True)
    _rejected: Spool = field(repr=False, kw_only=True)
    _copies: Copies = field(repr=False, kw_only=True)
    _kept: dict[int, int] = field(default_factory=dict, repr=False)
    _labels: dict[int, pl.DataFrame] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _times: list[datetime] = field(default_factory=list, repr=False)  # the first and the last of each batch

    @property
    def rejected(self) -> int:
        """Rejected rows, duplicates among them."""
        return self._rejected.rows

    @property
    def expected(self) -> int:
        """Rows that the ledger has to have: what was read, less what was rejected and what is elsewhere."""
        return self.read - self.elsewhere - self.rejected

    @property
    def kept(self) -> int:
        """Rows of the ledger, of the chunks that have been made so far."""
        return sum(self._kept.values())

    @property
    def rejected_share(self) -> float:
        """Rejected rows among the month's."""
        return self.rejected / max(1, self.rejected + self.expected)

    def ledger_chunks(self) -> list[Callable[[], pl.DataFrame]]:
        """The ledger, sorted by (customer_id, event_time, transaction_id), as functions that each give a part."""
        return [partial(self._chunk, number) for number in range(self._rows.buckets)]

    def rejected_chunks(self) -> list[Callable[[], pl.DataFrame]]:
        """``rejected_transactions``, sorted by file and row, as functions that each give a part."""
        return [self._rejects]

    def reasons(self, most: int) -> list[tuple[str, int]]:
        """The most frequent reasons of rejected rows, cells left out, with their rows."""
        rows = self._rejected.bucket(0)
        return [] if rows is None else _counted(rows, most)

    def labels(self) -> pl.DataFrame:
        """``source_labels``, once all chunks of the ledger have been made."""
        return labels([self._labels[number] for number in sorted(self._labels)])

    def check(self) -> None:
        """See that no row has vanished.

        Raises
        ------
        RuntimeError
            If rows read are not rows of the ledger, rejected ones and those of other months.
        """
        if self.kept != self.expected:
            raise RuntimeError(
                f"{self.scenario.name} {self.month}: {counted(self.read, 'row was read', 'rows were read')},"
                f" {self.kept:,} are in the ledger,"
                f" {self.rejected:,} rejected and {self.elsewhere:,} of other months;"
                f" {self.expected - self.kept:,} are lost"
            )

    def _chunk(self, number: int) -> pl.DataFrame:
        rows = self._rows.bucket(number)
        if rows is not None:
            rows = self._copies.taken_out(rows)
        found, labelled = ledger(rows, self.scenario)
        with self._lock:
            self._kept[number] = found.height
            self._labels[number] = labelled
        return found

    def _rejects(self) -> pl.DataFrame:
        rows = self._rejected.bucket(0)
        if rows is None:
            return pl.DataFrame(schema=_REJECTED)
        return rows.sort("position").select(
            file=pl.Series("file", self.files, dtype=pl.String).gather(rows.sort("position")["position"] // FILE),
            row_number=pl.col("position") % FILE,
            reason="reason",
            original=pl.col("original").fill_null("").str.head(LONGEST_ORIGINAL),
        )


@contextmanager
def ingest_month(
    scenario: FilesScenario, month: Month, files: Mapping[Month | None, Sequence[SourceFile]]
) -> Iterator[Ingested]:
    """Read the files that may hold rows of a month.

    Parameters
    ----------
    files
        By month, those of the month itself and of the months beside it; under None those that may hold any month.

    Yields
    ------
    The month's rows. They are on disk, where TMPDIR says, until the block ends.

    Raises
    ------
    IngestError
        If there is no file of the month, one cannot be read, or more than ``MOST_REJECTED`` rows are rejected.
    """
    own = [*files.get(month, ()), *files.get(None, ())]
    if not own:
        raise IngestError(
            f"{scenario.name} {month}: there is no file {scenario.files.of_month(month.key)};"
            " see files.location, or last_month if there is no such month"
        )
    beside = [file for other in (month - 1, month + 1) for file in files.get(other, ())]
    together = sorted((*own, *beside), key=lambda file: file.name)
    with TemporaryDirectory(prefix="fraud-assets-") as place:
        folder, buckets = Path(place), _buckets(own)
        rows = Spool(folder, "rows", "customer_id", buckets)
        ids = Spool(folder, "ids", "transaction_id", buckets)
        rejected = Spool(folder, "rejected", None)
        none = Copies(scenario, month, pl.DataFrame())
        names = [file.name for file in together]
        found = Ingested(scenario, month, names, _rows=rows, _rejected=rejected, _copies=none)
        owned = {file.name for file in own}
        keys = {file.name: other.key for other, those in files.items() if other is not None for file in those}
        home = month if scenario.files.is_monthly else None
        for number, file in enumerate(together):
            reader = _Reader(found, home, keys.get(file.name, month.key), number * FILE, is_own=file.name in owned)
            for batch in batches(file, scenario.files, scenario.files.wanted):
                good, bad = reader.judge(batch)
                rows.append(good)
                found._times += [when for when in (good["event_time"].min(), good["event_time"].max()) if when]  # type: ignore[misc]
                ids.append(good.select("transaction_id", "position"))
                rejected.append(bad)
                _check_rejected(found, bad)
        rows.close()
        ids.close()
        found._copies = Copies(scenario, month, repeated(ids))
        found.duplicates = len(found._copies)
        for bad in found._copies.reread(together, keys):
            rejected.append(bad)
            _check_rejected(found, bad)
        rejected.close()
        found.missing = tuple(_missing(found, files))
        yield found


def _missing(found: Ingested, files: Mapping[Month | None, Sequence[SourceFile]]) -> Iterator[str]:
    """Hours of the month that are another local month's, whose file is not there. Rows in them say that files are not
    of local months."""
    scenario, month = found.scenario, found.month
    begin, end = (local_start(other, scenario.files.time_zone) for other in (month, month + 1))
    first, last = min(found._times, default=month.end), max(found._times, default=month.start)
    for other, which, away, is_silent in (
        (month - 1, "first", begin - month.start, first >= begin),
        (month + 1, "last", month.end - end, last < end),
    ):
        if (
            scenario.files.is_monthly
            and away > timedelta()
            and is_silent
            and scenario.holds(other)
            and not files.get(other)
        ):
            hours = away / timedelta(hours=1)
            span = "hour" if hours == 1 else f"{hours:g} hours"
            yield (
                f"the {which} {span} of {month} (UTC) would be in the file of {other},"
                f" which is not there ({scenario.files.of_month(other.key)}); materialize {month} again when it is"
            )


def _counted(rejected: pl.DataFrame, most: int) -> list[tuple[str, int]]:
    """The most frequent reasons, cells left out, with their rows."""
    kinds = pl.col("reason").str.replace(r"'.*'", "'...'").str.replace(r" of row \d+ of .*", " of another row")
    counts = rejected.group_by(kinds).len().sort(["len", "reason"], descending=[True, False]).head(most)
    return list(counts.iter_rows())


def _check_rejected(found: Ingested, last: pl.DataFrame) -> None:
    if found.rejected > MOST_REJECTED:
        reason = _counted(last, 1)[0][0]
        raise IngestError(
            f"{found.scenario.name} {found.month}: {found.rejected:,} of the first {found.read:,} rows read are"
            f" rejected, {MOST_REJECTED:,} may be at most; lately most often: {reason}; mend the scenario's files"
        )


def _buckets(files: Iterable[SourceFile]) -> int:
    def rows(file: SourceFile) -> int:
        kind = "parquet" if is_parquet(file.name) else "gz" if file.name.lower().endswith(".gz") else "csv"
        return file.size // _ROW_BYTES[kind]

    return min(MOST_BUCKETS, 1 << max(0, (sum(map(rows, files)) // BUCKET_ROWS)).bit_length())


@dataclass(frozen=True)
class _Reader:
    """Judges the rows of a file for a month: its own, those of others, and those that are none."""

    found: Ingested
    home: Month | None  # of the files of the month; None if they may hold any
    key: str  # month of the file, or of the rows where it may hold any: with an id it makes a transaction's number
    offset: int
    is_own: bool

    def judge(self, batch: Batch) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Good rows, typed, and bad ones with reason and original; the others are counted."""
        found, month, frame = self.found, self.found.month, batch.frame
        found.read += frame.height + len(batch.misfits)
        texts, when, rows = time_cells(frame, found.scenario)
        is_here = when.instant.is_between(month.start, month.end, closed="left").fill_null(False)
        told = self._has_no_month(batch.misfits)
        if self.is_own:
            is_lost = self._is_lost(when.instant)
            rows.reject(
                is_lost & when.instant.is_not_null(),
                lambda: (
                    pl.lit(pl.Series("event_time '" + texts.fill_null("").str.head(60) + "'")) + pl.lit(self._where())
                ),
            )
            wanted = is_here | is_lost
        else:
            wanted = is_here
        found.elsewhere += frame.height - int(wanted.sum())
        position = pl.Series("position", batch.rows + self.offset)
        if not wanted.all():
            frame, position = frame.filter(wanted), position.filter(wanted)
            fault = rows.fault.filter(wanted)
            _, when, rows = time_cells(frame, found.scenario)
            rows.fault = fault
        typed = rows.read(when, self.key).with_columns(position)
        is_good = typed["reason"].is_null()
        good = typed.filter(is_good).drop("reason")
        if is_good.all():
            return good, told
        bad = typed.filter(~is_good).select("position", "reason")
        bad = bad.with_columns(originals(frame.filter(~is_good)).alias("original"))
        return good, pl.concat([bad, told])

    def _has_no_month(self, misfits: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
        """Rows without the right number of cells: of the file's month, or of the bank's first."""
        if not self._takes_lost:
            self.found.elsewhere += len(misfits)
            misfits = ()
        schema = {"position": pl.Int64, "reason": pl.String, "original": pl.String}
        table = pl.DataFrame(list(misfits), schema=schema, orient="row")
        return table.with_columns(pl.col("position") + self.offset)

    @property
    def _takes_lost(self) -> bool:
        """Whether rows that belong to no month are told in this one."""
        return self.is_own and (self.home is not None or self.found.month == self.found.scenario.first)

    def _is_lost(self, instant: pl.Series) -> pl.Series:
        """Rows that no month of the bank will take, and that are told in this one."""
        if not self._takes_lost:
            return pl.Series("lost", [False]).new_from_index(0, len(instant))
        first, last = self._taking()
        zone = self.found.scenario.files.time_zone
        # A file of local months has hours before the first month and after the last (UTC), which no month takes.
        kept = instant >= min(first.start, local_start(self.home or first, zone))
        if last is not None:
            kept &= instant < max(last.end, local_start((self.home or last) + 1, zone))
        return ~kept.fill_null(False)

    def _taking(self) -> tuple[Month, Month | None]:
        """The months that take rows of this file."""
        first, last = self.found.scenario.first, self.found.scenario.last
        if self.home is None:
            return first, last
        after = self.home + 1
        return max(first, self.home - 1), after if last is None else min(after, last)

    def _where(self) -> str:
        first, last = self._taking()
        span = f"{first} to {last}" if last else f"{first} onwards"
        file = "" if self.home is None else f" of a file of {self.home}"
        return f" lies outside the months{file}, {span} (UTC)"
