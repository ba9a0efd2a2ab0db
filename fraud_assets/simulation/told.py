"""Rows with a truth to tell, on their way from the ledger to its labels.

The labels are about one ledger row in twenty, and finding these rows takes all the work of the ledger again. So whoever
makes the rows of a month leaves the marked ones here, packed, unit by unit, and whoever makes the labels takes them;
where there are none, because the ledger was made in another process or too long ago, they are made again. That is a
matter of speed alone: rows are a function of scenario, month and unit.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud.reaction import blocked
from fraud_assets.simulation.groups import begin
from fraud_assets.simulation.honest import beside, honest
from fraud_assets.simulation.intents import NONE, Bank, Intents, concat
from fraud_assets.simulation.ledger import inside
from fraud_assets.simulation.streams import UNIT

#: Bytes that are kept: those of the rows of a month with about 60 million.
_ROOM = 64 * 2**20
#: What the labels ask for; the other columns are not kept.
_ASKED_FOR = (
    "transaction_id", "who", "event_us", "offset", "category", "merchant", "payee", "cents", "device", "status",
    "accident", "anomaly", "lookalike", "intended",
)  # fmt: skip

_Key = tuple[Scenario, Month, int]


class Shelf:
    """Packed rows a unit and month, up to so many bytes; the oldest go first. Safe for several threads."""

    def __init__(self, room: int) -> None:
        self._room, self._used = room, 0
        self._packed: OrderedDict[_Key, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: _Key, packed: bytes) -> None:
        with self._lock:
            self._used += len(packed) - len(self._packed.pop(key, b""))
            self._packed[key] = packed
            while self._used > self._room:
                self._used -= len(self._packed.popitem(last=False)[1])

    def take(self, keys: Sequence[_Key]) -> list[bytes] | None:
        """What belongs to the keys, which is gone then; None unless all of it is there."""
        with self._lock:
            if not all(key in self._packed for key in keys):
                return None
            found = [self._packed.pop(key) for key in keys]
            self._used -= sum(map(len, found))
            return found


_shelf = Shelf(_ROOM)


def leave(bank: Bank, month: Month, parts: Sequence[Intents]) -> None:
    """Leave the marked ones among the rows of :func:`honest` for the month's labels."""
    rows = _marked(month, parts)
    rows = rows.take(np.lexsort((rows.event_us, rows.who)))  # takes half the bytes of rows in any order
    ends = np.searchsorted(rows.who, np.arange(len(bank.units) + 1) * UNIT)
    for unit, first, low, high in zip(bank.units, range(0, len(bank.units) * UNIT, UNIT), ends, ends[1:], strict=False):
        mine = rows.take(slice(low, high))
        _shelf.put((bank.scenario, month, unit), _pack(mine.but(who=mine.who - first)))


def told(bank: Bank, month: Month) -> Intents:
    """The honest and erroneous rows of the ledger month that are marked with a truth, in any order.

    With the columns that the labels ask for; the others may say ``NONE``.
    """
    packed = _shelf.take([(bank.scenario, month, unit) for unit in bank.units])
    if packed is None:
        begin(bank, month, blocked, beside)
        return _marked(month, honest(bank, month))
    parts = [_unpack(some) for some in packed]
    return concat([part.but(who=part.who + UNIT * place) for place, part in enumerate(parts)])


def _marked(month: Month, parts: Sequence[Intents]) -> Intents:
    marked = [p.take((p.accident != 0) | (p.anomaly != NONE) | (p.lookalike != NONE)) for p in parts]
    return inside(concat(marked), month)


def _pack(rows: Intents) -> bytes:
    packed = io.BytesIO()
    # As a stream, which polars writes at once, and not by a query as files.
    pl.DataFrame({name: getattr(rows, name) for name in _ASKED_FOR}).write_ipc_stream(packed, compression="zstd")
    return packed.getvalue()


def _unpack(packed: bytes) -> Intents:
    found = pl.read_ipc_stream(io.BytesIO(packed))
    return Intents.make(len(found), **{column.name: column.to_numpy() for column in found})
