"""What is looked at for give-aways: every value that a month shows, and the traces that a careless generator leaves.

A *behaviour* is what people do: the channel, the hour, a new device. A fraud type may well prefer one; it must not own
it. A *combination* of behaviours may be mostly fraud (that is what models find), but honest people must do it as well.
A *trace* says nothing about what is done, only how the row came to be: the digits of a number, gaps, fractions of a
second, versions of software, the network. Given what is done, traces must not tell fraud from honest rows at all.

Everything follows from the columns and their types, so a bank's own columns and tables are looked at as well.
Identities themselves (a device, a payee, a merchant) are not judged by value: that actors return with the same devices
is how networks of fraud are found. What their numbers look like is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from fraud_assets.evaluation.gates.sample import Sample

#: Column that numbers what is done in a row; only rows that do what some fraud does have one.
DOING = "doing"
#: A text with more values than this is a name: its shape is looked at, not its values.
_MOST_VALUES = 300
#: Joined table -> the ledger's column that leads to it.
_THINGS = {"device": "device_id", "account": "customer_id", "merchant": "merchant_id"}
#: What a type's mechanism decides; traces are judged among rows that are alike in it.
_DOING = ("kind", "direction", "method", "channel", "category", "status")


@dataclass(frozen=True)
class Pattern:
    """One way to look at a row: an expression on the sample's columns, whose value is the pattern's value.

    Attributes
    ----------
    is_combination
        Of behaviours, each of which is a pattern by itself.
    trace_of
        Of a trace: what it is a trace of, ``row`` or a column whose values count once each, such as an id.
    given
        Of a trace: in what rows or things must be alike to be compared; None if any are compared. May use ``DOING``.
    """

    name: str
    value: pl.Expr
    is_combination: bool = False
    trace_of: str | None = None
    given: pl.Expr | None = None


def doing(schema: pl.Schema) -> pl.Expr:
    """What is done in a row, as one text."""
    return _joined(*(pl.col(name) for name in _DOING if name in schema))


def patterns(sample: Sample) -> list[Pattern]:
    """All patterns of a month, by the columns that it has."""
    found = [*_ledger(sample), *_written(sample), *_times(sample), *_joins(sample), *_logins(sample)]
    return list({pattern.name: pattern for pattern in found}.values())


def _ledger(sample: Sample) -> Iterator[Pattern]:
    """The ledger's own columns, each by its type."""
    for name in sample.ledger:
        dtype, column = sample.schema[name], pl.col(name)
        if name.endswith("_id"):
            yield from _identity(name, dtype)
        elif name == "ip_address":
            yield from _address(name, column)
        elif _is_text(dtype):
            yield _text(name, sample.honest[name], name, _unless_named_by_table(name, sample.schema))
        elif dtype == pl.Boolean or _is_small(sample.honest[name]):
            yield Pattern(name, column)
        elif dtype.is_float() and name != "amount":
            digits = column.cast(pl.String).str.len_chars()
            yield Pattern(f"digits of {name}", digits, trace_of=name, given=pl.col(DOING))


def _unless_named_by_table(name: str, schema: pl.Schema) -> pl.Expr:
    """What is done; null where the name is a merchant's, which stands in the table of merchants."""
    if name == "recipient_entity" and "merchant_id" in schema:
        return pl.when(pl.col("merchant_id").is_null()).then(DOING)
    return pl.col(DOING)


def _written(sample: Sample) -> Iterator[Pattern]:
    """Gaps and amounts."""
    gaps = [n for n in sample.ledger if sample.honest[n].has_nulls() or sample.fraud[n].has_nulls()]
    if gaps:
        missing = _joined(*(pl.when(pl.col(n).is_null()).then(pl.lit(n)).otherwise(pl.lit("")) for n in gaps))
        yield Pattern("missing columns", missing, trace_of="row", given=pl.col(DOING))
        yield Pattern("channel and missing columns", _joined(pl.col("channel"), missing))
    if "entry_mode" in sample.schema:
        yield Pattern("method and entry mode", _joined(pl.col("method"), pl.col("entry_mode")))
    cents = (pl.col("amount") * 100).round().cast(pl.Int64)
    yield Pattern("amount", cents)
    # Small amounts end otherwise than large ones, so cents are compared among amounts of a size.
    size = (pl.col("amount") + 1).log(2).floor().cast(pl.UInt32)
    yield Pattern("cents", cents.mod(100), trace_of="row", given=pl.col(DOING) * 64 + size)


def _times(sample: Sample) -> Iterator[Pattern]:
    done = pl.col(DOING)
    for name in (n for n in sample.ledger if sample.schema[n].is_temporal()):
        column = pl.col(name)
        yield Pattern(f"second of {name}", column.dt.second(), trace_of="row", given=done)
        yield Pattern(f"fraction of the second of {name}", column.dt.microsecond())
        yield Pattern(f"zeros of the fraction of {name}", _zeros(column.dt.microsecond()), trace_of="row", given=done)
        yield Pattern(f"last digits of {name}", column.dt.microsecond() % 100, trace_of="row", given=done)
        if name != "event_time":
            late = column - pl.col("event_time")
            yield Pattern(f"hours from event_time to {name}", late.dt.total_hours())
            yield Pattern(f"{name} is event_time", column == pl.col("event_time"), trace_of="row", given=done)
            yield Pattern(
                f"zeros from event_time to {name}", _zeros(late.dt.total_microseconds() % 10**6), trace_of="row"
            )
    hour, weekday = pl.col("local").dt.hour(), pl.col("local").dt.weekday().cast(pl.Int32)
    yield Pattern("local hour", hour)
    yield Pattern("local weekday and hour", weekday * 100 + hour)
    yield Pattern("local day of the month", pl.col("local").dt.day())


def _joins(sample: Sample) -> Iterator[Pattern]:
    """What the device, the account and the merchant are known to be."""
    for name in sample.schema.names():
        table, _, column_name = name.partition(".")
        if table not in _THINGS or column_name.endswith("_id"):
            continue
        dtype, column = sample.schema[name], pl.col(name)
        thing = _THINGS[table]
        if _is_text(dtype) and table == "device":
            yield Pattern(name, column.cast(pl.String), trace_of="row", given=_done_where(thing))
        elif _is_text(dtype):
            yield _text(name, sample.honest[name], thing)
        elif dtype == pl.Boolean or _is_small(sample.honest[name]):
            yield Pattern(name, column)
        elif dtype.is_temporal():
            at = pl.col("event_time").dt.replace_time_zone(None)
            days = (at - column.cast(pl.Datetime("us")).dt.replace_time_zone(None)).dt.total_days()
            yield Pattern(f"days since {name}", _band(days))
            if dtype != pl.Date:
                yield Pattern(f"zeros of the fraction of {name}", _zeros(column.dt.microsecond()), trace_of=thing)
        elif dtype.is_float() and table == "merchant":
            yield Pattern(f"{name}, tenths", (column * 10).floor())
    software = [n for n in sample.schema.names() if n.startswith("device.") and _is_text(sample.schema[n])]
    if software:
        together = _joined(*(pl.col(n) for n in software))
        yield Pattern("device software", together, trace_of="row", given=_done_where("device_id"))
    if "device.customer_id" in sample.schema:
        yield from _whose(sample.schema)


def _whose(schema: pl.Schema) -> Iterator[Pattern]:
    """Whose device it is: the customer's own, a household's, a stranger's; and has it been here before?"""
    whose = [_flag(pl.col("device.customer_id") == pl.col("customer_id"), "own", "another's")]
    if "device.is_shared" in schema:
        whose.append(_flag(pl.col("device.is_shared"), "shared", "not shared"))
    if "owner.address_id" in schema:
        whose.append(_flag(pl.col("owner.address_id") == pl.col("account.address_id"), "same address", "other address"))
    owner = _joined(*whose)
    yield Pattern("whose device", owner)
    yield Pattern("channel and whose device", _joined(pl.col("channel"), owner), is_combination=True)
    if "device.first_used_at" in schema:
        days = _band((pl.col("event_time") - pl.col("device.first_used_at")).dt.total_days())
        yield Pattern("whose device and days since its first use", _joined(owner, days), is_combination=True)
    if "login.device_id" in schema:
        last = _flag(pl.col("login.device_id") == pl.col("device_id"), "logged in last", "did not log in last")
        yield Pattern("whose device and last login", _joined(owner, last), is_combination=True)


def _logins(sample: Sample) -> Iterator[Pattern]:
    """What the account's last login was like, and what happened in the day before."""
    if "login.event" not in sample.schema:
        return
    hours = _band((pl.col("event_time") - pl.col("login.event_time")).dt.total_hours())
    what = _joined(pl.col("login.event"), _flag(pl.col("login.is_success"), "succeeded", "failed"))
    yield Pattern("last login", what)
    yield Pattern("hours since the last login", hours)
    yield Pattern("last login and hours since", _joined(what, hours), is_combination=True)
    yield Pattern("failed logins in a day", pl.col("login.failures").clip(upper_bound=9))
    yield Pattern("changes of credentials in a day", pl.col("login.changes").clip(upper_bound=9))
    zeros, digits = _zeros(pl.col("login.event_time").dt.microsecond()), pl.col("login.login_id") // 2**56
    yield Pattern("zeros of the fraction of the last login", zeros, trace_of="login.login_id")
    yield Pattern("range of the last login's id", digits, trace_of="login.login_id")
    if {"device_id", "ip_address"} <= set(sample.schema):
        device = _flag(pl.col("login.device_id") == pl.col("device_id"), "same device", "other device")
        address = _flag(pl.col("login.ip_address") == pl.col("ip_address"), "same address", "other address")
        yield Pattern("device and address of the last login", _joined(device, address))


def _identity(name: str, dtype: pl.DataType) -> Iterator[Pattern]:
    column = pl.col(name)
    if dtype.is_integer():
        yield Pattern(f"length of {name}", column.cast(pl.String).str.len_chars(), trace_of=name)
        yield Pattern(f"last digits of {name}", column % 100, trace_of=name)
        # The high bits of a 63-bit number: 128 ranges, into which honest numbers fall as well.
        yield Pattern(f"range of {name}", column // 2**56, trace_of=name)
    else:
        yield Pattern(f"shape of {name}", _shape(column.cast(pl.String)), trace_of=name)


def _text(name: str, values: pl.Series, trace_of: str, given: pl.Expr | None = None) -> Pattern:
    """The values of a text if there are few of them, which are behaviour; the shape of names, which is a trace."""
    column = pl.col(name).cast(pl.String)
    if values.n_unique() > _MOST_VALUES:
        return Pattern(f"shape of {name}", _shape(column), trace_of=trace_of, given=given)
    return Pattern(name, column)


def _done_where(name: str) -> pl.Expr:
    """What is done in rows that have the column; null in others."""
    return pl.when(pl.col(name).is_not_null()).then(DOING)


def _address(name: str, column: pl.Expr) -> Iterator[Pattern]:
    parts, done = column.str.split("."), _done_where(name)
    for place, which in enumerate(("first", "second", "third", "last")):
        yield Pattern(f"{which} part of {name}", parts.list.get(place, null_on_oob=True), trace_of="row", given=done)
    yield Pattern(f"network of {name}", column.str.extract(r"^(\d+\.\d+)\."), trace_of="row", given=done)


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, pl.Enum | pl.Categorical)


def _is_small(values: pl.Series) -> bool:
    return values.dtype.is_integer() and values.n_unique() <= _MOST_VALUES


def _joined(*parts: pl.Expr) -> pl.Expr:
    return pl.concat_str([part.cast(pl.String).fill_null("-") for part in parts], separator=" | ")


def _flag(is_so: pl.Expr, yes: str, no: str) -> pl.Expr:
    return pl.when(is_so).then(pl.lit(yes)).when(is_so.is_not_null()).then(pl.lit(no))


def _band(number: pl.Expr) -> pl.Expr:
    """Doubling bands by their lower end: 0, 1, 3, 7, 15, ...; -1 for negative numbers."""
    return pl.when(number < 0).then(-1).otherwise(2 ** (number + 1).log(2).floor() - 1).cast(pl.Int32)


def _zeros(number: pl.Expr) -> pl.Expr:
    """0 to 3: is the number a multiple of nothing, of 10, of a thousand, or zero (rounded to 10 us, ms, seconds)?"""
    return (number % 10 == 0).cast(pl.Int8) + (number % 1000 == 0).cast(pl.Int8) + (number == 0).cast(pl.Int8)


def _shape(text: pl.Expr) -> pl.Expr:
    """Digits as 9, words as a, so that only what is written between them remains."""
    return text.str.replace_all(r"\d", "9").str.replace_all(r"\p{L}+", "a")
