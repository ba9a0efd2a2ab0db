"""The gate on keys: are a fraud's customer, merchant and devices on file as often as anybody's?"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fraud_assets.evaluation.gates.result import Line, Result, share_line
from fraud_assets.evaluation.gates.sample import Sample, Tables, Truth

LIMIT = 0.01
#: With fewer distinct keys, one of them is more than the limit.
_ENOUGH = 5
#: Chance, a key and type, that fraud on file as often as others is accused.
_BY_CHANCE = 1e-4

#: Ledger key -> table and column where it must be found.
KEYS = {
    "customer_id": ("customers", "customer_id"),
    "merchant_id": ("merchants", "merchant_id"),
    "device_id": ("devices", "device_id"),
    "terminal_id": ("devices", "device_id"),
    "card_id": ("cards", "card_id"),
    "payee_id": ("payees", "payee_id"),
}
#: Where one has to log in first: rows that come through the bank's own doors.
_OWN_CHANNELS = ("app", "bank")
#: Days of a month before which the login that belongs to a row may lie in the month before, of which nothing is known.
_LOGIN_DAYS = 7


def key_coverage(sample: Sample, truth: Truth, tables: Tables) -> Result:
    """Is a fraud's customer, merchant, device and terminal found in its table as often as an honest row's?

    So must be the device and customer of a login from a device that fraud used, and where the bank itself was used, a
    login of the account by that device; there fraud may be found more often, since an account is entered to be robbed.
    Each distinct key counts once: a campaign's thousand rows with one lost device are one lost device.
    """
    lines = [
        *(line for key, place in KEYS.items() for line in _of_ledger(sample, key, place, tables)),
        *_of_logins(sample, tables),
        *_logged_in(sample, tables),
    ]
    broken = sorted((line for line in lines if not line.holds), key=lambda line: -_gap(line))
    worst = max((_gap(line) for line in lines), default=0.0)
    told = "; ".join(f"{line.name}: {line.realised:.2%} found, {line.asked:.2%} for honest rows" for line in broken[:5])
    return Result(
        name="key_coverage",
        passed=not broken,
        value=worst,
        limit=f"difference of at most {LIMIT:.0%}, or what chance alone may give",
        explanation=f"{told}." if broken else f"Keys are on file as often for fraud; the widest gap is {worst:.2%}.",
        n=truth.frauds,
        lines=(*broken, *(line for line in lines if line.holds)),
        details={line.name: {"fraud": line.realised, "honest": line.asked} for line in lines},
    )


def _gap(line: Line) -> float:
    return abs(line.realised - (line.asked or 0.0))


def _of_ledger(sample: Sample, key: str, place: tuple[str, str], tables: Tables) -> Iterator[Line]:
    table, column = place
    if key not in sample.schema or table not in tables:
        return
    known = tables[table].select(pl.col(column).alias(key)).unique().collect().with_columns(is_found=True)
    ours, theirs = (
        frame.filter(pl.col(key).is_not_null()).join(known, on=key, how="left")
        for frame in (sample.fraud, sample.honest)
    )
    yield from _compared(f"{key} in {table}", ours, theirs, [key])


def _of_logins(sample: Sample, tables: Tables) -> Iterator[Line]:
    """Logins of the accounts and devices that fraud used, and of all others."""
    if "logins" not in tables or "device_id" not in sample.schema:
        return
    used = sample.fraud.select("customer_id", "device_id", "fraud_type")
    used = used.unique(["customer_id", "device_id"], keep="first", maintain_order=True)
    logins = tables["logins"].select("customer_id", "device_id").collect()
    logins = logins.join(used, on=["customer_id", "device_id"], how="left")
    for key, (table, column) in (("device_id", KEYS["device_id"]), ("customer_id", KEYS["customer_id"])):
        if table not in tables:
            continue
        known = tables[table].select(pl.col(column).alias(key)).unique().collect().with_columns(is_found=True)
        rows = logins.join(known, on=key, how="left")
        ours, theirs = (rows.filter(chosen) for chosen in (_is_fraud(), ~_is_fraud()))
        yield from _compared(f"{key} of logins in {table}", ours, theirs, [key])


def _is_fraud() -> pl.Expr:
    return pl.col("fraud_type").is_not_null()


def _logged_in(sample: Sample, tables: Tables) -> Iterator[Line]:
    """In the bank's own channels: has the account been entered with this device in the month?

    Of rows after its first week. A campaign that pays on the first days may have come on the last ones of the month
    before, with all its accounts.
    """
    if "logins" not in tables or not {"device_id", "channel", "event_time"} <= set(sample.schema):
        return
    pair = ["customer_id", "device_id"]
    known = tables["logins"].select(pair).unique().collect().with_columns(is_found=True)
    own = pl.col("channel").cast(pl.String).is_in(_OWN_CHANNELS) & pl.col("device_id").is_not_null()
    own &= pl.col("event_time").dt.day() > _LOGIN_DAYS
    ours, theirs = (frame.filter(own).join(known, on=pair, how="left") for frame in (sample.fraud, sample.honest))
    yield from _compared("device_id of the account in logins", ours, theirs, pair, only_less=True)


def _compared(
    name: str, fraud: pl.DataFrame, honest: pl.DataFrame, key: list[str], *, only_less: bool = False
) -> Iterator[Line]:
    """A line for each type with enough distinct keys, and one for all of them."""
    from scipy.stats import binom

    found = pl.col("is_found").fill_null(value=False)
    theirs = honest.unique(key).select(found.mean()).item()
    if theirs is None:
        return
    once = fraud.select(*key, "fraud_type", found=found)
    types = once.unique([*key, "fraud_type"]).group_by("fraud_type").agg(n=pl.len(), hits=pl.col("found").sum())
    every = once.unique(key).select(pl.lit("all fraud"), n=pl.len(), hits=pl.col("found").sum())
    for group, n, hits in (*every.iter_rows(), *types.sort("fraud_type").iter_rows()):
        if n < _ENOUGH:
            continue
        low = min(theirs - LIMIT, float(binom.ppf(_BY_CHANCE, n, theirs)) / n)
        high = max(theirs + LIMIT, float(binom.isf(_BY_CHANCE, n, theirs)) / n)
        line = f"{name}, {group}"
        yield share_line(line, hits / n, low, 1.0 if only_less else high, theirs, f"{n:,} keys")
