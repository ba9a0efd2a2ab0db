"""One transaction explained: what it was, what its customer had been doing, how it differs, and what came of it.

What lives here: collecting that from the lake, of which row groups without the customer are not read, and writing it
down for a terminal. Truth is shown on request alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from fraud_assets.counting import counted
from fraud_assets.features.registry import FAMILIES, REACH, REGISTRY
from fraud_assets.in_words import in_words, text
from fraud_assets.lake.paths import Place, asset_folder
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.scenario import Bank

#: The customer's rows that are shown before the transaction.
EVENTS = 10
#: Features that go round in a circle: a median of them means nothing.
_CYCLIC = ("hour_sin", "hour_cos", "day_of_week")
#: Reasons that the story tells, of those that are listed below it.
_TOLD = 3
_SHOWN = ("event_time", "kind", "channel", "category", "amount", "recipient_entity", "city", "status")

Row = dict[str, Any]


@dataclass(frozen=True)
class _Tables:
    """The lake's tables of one bank, as far as they are there."""

    lake: Lake
    bank: str

    def months(self, table: str) -> list[str]:
        """The months that are in the lake, oldest first."""
        places = (key.split("/") for key in self.lake.list(asset_folder(self.bank, table)))
        return sorted({p.removeprefix("month=") for parts in places for p in parts if p.startswith("month=")})

    def rows(
        self, table: str, months: Sequence[str], *chosen: pl.Expr, columns: Sequence[str] | None = None
    ) -> pl.DataFrame | None:
        """Rows of the months that are there; None without any. Row groups that cannot hold them are not read."""
        keys = [Place(self.bank, table, month).parquet for month in months]
        keys = [key for key in keys if self.lake.exists(key)]
        if not keys:
            return None
        with self.lake.naming_what_is_broken(keys):
            found = self.lake.scan_parquet(keys).filter(*chosen)
            return (found.select(columns) if columns else found).collect(engine="streaming")


def explain(lake: Lake, bank: Bank, transaction_id: int, *, truth: bool = False) -> str:
    """What the lake knows of a transaction, as text.

    Parameters
    ----------
    lake, bank
        Where, and whose.
    transaction_id
        The ledger row.
    truth
        Also say what the simulator knows.

    Raises
    ------
    LakeError
        If there is no such transaction in the lake, or one of the objects cannot be read.
    """
    tables = _Tables(lake, bank.name)
    row, month = _found(tables, transaction_id)
    at, mine = row["event_time"], pl.col("customer_id") == row["customer_id"]
    months = [m for m in tables.months("transactions") if m <= month][-4:]
    past = tables.rows("transactions", months[-2:], mine, pl.col("event_time") < at, columns=_SHOWN)
    features = tables.rows(
        "transaction_features", months, mine, pl.col("event_time").is_between(at - REACH, at, closed="both")
    )
    this = pl.col("transaction_id") == transaction_id
    scored = tables.rows("scored_transactions", [month], mine, this)
    parts = [_story(row, features, scored), _heading(row, month), _events(past)]
    parts += [_features(features, transaction_id), _score(scored)]
    later = [m for m in tables.months("incident_reports") if m >= month]
    parts.append(_reports(tables.rows("incident_reports", later, this)))
    if truth:
        parts.append(_truth(tables.rows("labeled_anomalies", [month], mine, this)))
    return "\n\n".join(parts) + "\n"


def _found(tables: _Tables, transaction_id: int) -> tuple[Row, str]:
    """The ledger row and its month. Of the others no more than their ids are read."""
    months = tables.months("transactions")
    this = pl.col("transaction_id") == transaction_id
    for month in reversed(months):
        keys = tables.rows("transactions", [month], this, columns=("customer_id", "event_time"))
        if keys is not None and keys.height:
            customer, at = keys.row(0)
            place = (pl.col("customer_id") == customer, pl.col("event_time") == at, this)
            rows = tables.rows("transactions", [month], *place)
            if rows is not None:
                return rows.row(0, named=True), month
    there = f"{months[0]} to {months[-1]}" if months else "none yet"
    raise LakeError(
        f"transaction {transaction_id} is not in the ledger of {tables.bank} in the lake {tables.lake.url}"
        f" (months: {there}); ids are in the column transaction_id of {tables.bank}/transactions"
    )


def _story(row: Row, features: pl.DataFrame | None, scored: pl.DataFrame | None) -> str:
    """Who did what, where, and what the model made of it: a line each."""
    local = row["event_time"] + timedelta(minutes=row["utc_offset_minutes"] or 0)
    did, towards = ("paid", "to") if row["direction"] == "debit" else ("received", "from")
    did = "tried to pay" if (did, row["status"]) == ("paid", "declined") else did
    how = [row[name] for name in ("category", "method", "channel") if row[name]]
    who = f"{local:%A, %Y-%m-%d %H:%M} local time: customer {row['customer_id']} {did} {row['amount']:,.2f}"
    who += f" {row['currency']} {towards} {row['recipient_entity'] or 'somebody'}"
    place = [row[name] for name in ("city", "state", "country") if row[name]]
    where = [f"In {', '.join(place)}" if place else "Nobody knows where"]
    now: Row = {}
    if features is not None:
        now = next(features.filter(transaction_id=row["transaction_id"]).iter_rows(named=True), {})
    if now.get("km_from_home") is not None:
        where.append(f"{now['km_from_home']:,.0f} km from home")
    new = {"is_new_device_c": "a device", "is_new_merchant_c": "a merchant", "is_new_payee_c": "a payee"}
    where += [f"with {what} that is new to the customer" for name, what in new.items() if now.get(name) == 1]
    return f"{who} ({', '.join(how)}); {row['status']}.\n{', '.join(where)}.\n{_verdict(scored, row['currency'])}"


def _verdict(scored: pl.DataFrame | None, currency: str) -> str:
    if scored is None or scored.is_empty():
        return "No model has scored it."
    row = scored.row(0, named=True)
    told = f"{row['decision']}, with a probability of fraud of {row['score']:.1%}."
    reasons = [in_words(reason, currency) for reason in json.loads(row["reasons"] or "[]")[:_TOLD]]
    if not reasons:
        return told
    return f"{told} What speaks for fraud, with what is usual for all customers in brackets: {'; '.join(reasons)}."


def _heading(row: Row, month: str) -> str:
    known = [(n, _cell(n, value)) for n, value in row.items() if value is not None and n != "transaction_id"]
    return f"Transaction {row['transaction_id']} ({month})\n" + _lines(known)


def _events(past: pl.DataFrame | None) -> str:
    title = f"The customer's last {EVENTS} events before it, in UTC"
    if past is None or past.is_empty():
        return f"{title}\n  none in this month and the month before"
    rows = past.sort("event_time").tail(EVENTS).rows(named=True)
    return f"{title}\n" + _grid([_SHOWN, *([_cell(name, row[name]) for name in _SHOWN] for row in rows)])


def _features(features: pl.DataFrame | None, transaction_id: int) -> str:
    title = "Features, beside what is usual for the customer (the median, or the most frequent)"
    if features is None:
        return f"{title}\n  not in the lake"
    this = features.filter(pl.col("transaction_id") == transaction_id)
    if this.is_empty():
        return f"{title}\n  none: features are about money that leaves the account"
    now = this.row(0, named=True)
    past = features.filter(pl.col("event_time") < now["event_time"])
    lines = [title, f"  days of history: {now['history_days']}; the customer's payments in them: {past.height:,}"]
    silent = {name for name in now if _says_nothing(features[name])}
    for family in FAMILIES:
        told = [f for f in family.features if f.name in now and f.name not in silent]
        rows = [(f.name, text(now[f.name]), text(_usual(past[f.name])), f.unit) for f in told]
        if rows:
            lines += ["", f" {family.name}", _grid([("feature", "now", "usual", "unit"), *rows])]
    if silent:
        lines += [
            "",
            f"  left out: {counted(len(silent), 'feature')} without any value, or always 0, for this customer",
        ]
    return "\n".join(lines)


def _says_nothing(values: pl.Series) -> bool:
    """Whether a feature has no value in any row, as where the bank lacks what it needs, or is 0 in all of them."""
    known = values.drop_nulls()
    return known.is_empty() or (known.dtype.is_numeric() and not (known != 0).any())


def _usual(values: pl.Series) -> Any:
    known = values.drop_nulls()
    if known.is_empty() or values.name in _CYCLIC:
        return None
    return known.mode().sort()[0] if known.dtype == pl.String else known.median()


def _score(scored: pl.DataFrame | None) -> str:
    if scored is None or scored.is_empty():
        return "Score\n  none: no model has scored it"
    row = scored.row(0, named=True)
    lines = ["Score", _lines([("probability of fraud", f"{row['score']:.4f}"), ("decision", row["decision"])])]
    reasons = json.loads(row["reasons"] or "[]")
    if reasons:
        whole = sum(r["weight"] for r in reasons)
        # The weights are on the scale of whichever model won the month; their proportions mean the same of all.
        table = [
            (
                r["code"],
                _share(r["weight"], whole),
                r["feature"],
                *map(text, (r["value"], r["usual"])),
                _unit(r["feature"]),
            )
            for r in reasons
        ]
        lines.append("  what speaks for fraud, and how much of that is due to which family of features:")
        lines.append(_grid([("family", "share", "strongest feature", "now", "all customers", "unit"), *table]))
    return "\n".join(lines)


def _share(weight: float, whole: float) -> str:
    share = weight / whole if whole else 0.0
    return f"{share:.0%}" if share >= 0.005 else "< 1%"


def _unit(feature: str) -> str:
    return REGISTRY[feature].unit if feature in REGISTRY else ""


def _reports(reports: pl.DataFrame | None) -> str:
    if reports is None or reports.is_empty():
        return "Reports\n  none so far"
    rows = reports.sort("reported_at").select("reported_at", "kind", "reported_type", "source").rows()
    return "Reports\n" + _grid(
        [("reported_at", "kind", "type", "source"), *([text(value) for value in row] for row in rows)]
    )


def _truth(labels: pl.DataFrame | None) -> str:
    if labels is None:
        return "Truth\n  not in the lake: nobody knows it of a bank's own files"
    if labels.is_empty():
        return "Truth\n  an ordinary transaction"
    row = labels.row(0, named=True)
    shown = [name for name in row if name.startswith(("is_", "fraud_", "anomaly_", "lookalike_", "original_"))]
    return "Truth\n" + _lines([(n, text(row[n])) for n in (*shown, "campaign_id") if row[n] not in (None, False)])


def _cell(column: str, value: Any) -> str:
    """A value of the ledger: money has its cents, and a place its four decimals."""
    decimals = {"amount": 2, "latitude": 4, "longitude": 4}.get(column)
    return text(value) if decimals is None or value is None else f"{value:z.{decimals}f}"


def _lines(pairs: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in pairs), default=0)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in pairs)


def _grid(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the first row their names."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )
