"""What each payment of a month is, if it is an accident."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fraud_assets.detection.accidents.head import LEARNED, THRESHOLD, AccidentHead
from fraud_assets.detection.accidents.recipients import RecipientHead
from fraud_assets.detection.stream import streamed

#: Every kind of accident that is reported, in the order of the columns.
KINDS = (*LEARNED, "wrong_recipient")
#: Rows that are encoded and scored at a time.
BATCH = 100_000

_INSTANT = pl.Datetime("us", "UTC")
#: Columns of a payment's accident scores: type and meaning.
ACCIDENT_SCORES: dict[str, tuple[pl.DataType, str]] = {
    "transaction_id": (pl.Int64(), "The ledger row"),
    "customer_id": (pl.Int64(), "Whose account"),
    "event_time": (_INSTANT, "The ledger row's time"),
    "p_duplicate": (pl.Float64(), "Probability of being reported as one payment too many; null where not learned"),
    "p_wrong_amount": (pl.Float64(), "Probability of being reported as a wrong amount; null where not learned"),
    "p_wrong_recipient": (
        pl.Float64(),
        "Probability of a mistyped recipient, 0 where no known payee looks alike; null where not learned",
    ),
    "accident": (pl.Enum(KINDS), "The likeliest kind of those above their thresholds; null: no accident"),
}


def score_accidents(
    features: pl.LazyFrame, head: AccidentHead, recipients: RecipientHead, mistyped: pl.LazyFrame
) -> pl.LazyFrame:
    """The payments with the probability of each kind of accident, in their order.

    Parameters
    ----------
    features
        transaction_id, customer_id, event_time and the head's features.
    head, recipients
        Of the same month; one of them, or both, may be empty.
    mistyped
        transaction_id, probability and is_alarm of the payments whose payee looks like a known one.

    Returns
    -------
    Columns of :data:`ACCIDENT_SCORES`, made while they are read; no rows where nothing was learned of any kind. A
    duplicate or a wrong amount has to be more likely than not, a mistyped recipient as probable as the recipient head
    asks.

    Raises
    ------
    ValueError
        While it is read, if the table lacks one of the head's features.
    """
    schema = {name: dtype for name, (dtype, _) in ACCIDENT_SCORES.items()}
    if head.encoder is None and recipients.reason is not None:
        return pl.LazyFrame(schema=schema)
    keys = ("transaction_id", "customer_id", "event_time")
    wanted = head.encoder.features if head.encoder is not None else ()
    lookalikes = mistyped.select("transaction_id", p_wrong_recipient="probability", is_alarm="is_alarm").collect()
    of = {kind: pl.col(f"p_{kind}") for kind in KINDS}
    speaks = {kind: pl.when(of[kind] >= THRESHOLD).then(of[kind]) for kind in LEARNED}
    speaks["wrong_recipient"] = pl.when("is_alarm").then(of["wrong_recipient"])
    likeliest = pl.max_horizontal(speaks.values())

    def chunks() -> Iterator[pl.DataFrame]:
        for frame in features.select(*keys, *wanted).collect_batches(chunk_size=BATCH, maintain_order=True, lazy=True):
            found = head.probabilities(frame)
            learned = [pl.Series(f"p_{k}", found.get(k), dtype=pl.Float64) if k in found else _null(k) for k in LEARNED]
            scored = frame.select(keys).with_columns(learned)
            scored = scored.join(lookalikes, on="transaction_id", how="left", maintain_order="left")
            if recipients.reason is None:
                scored = scored.with_columns(of["wrong_recipient"].fill_null(0.0))
            accident = pl.coalesce(pl.when(said == likeliest).then(pl.lit(kind)) for kind, said in speaks.items())
            yield scored.with_columns(accident=accident).select(
                pl.col(name).cast(dtype) for name, dtype in schema.items()
            )

    return streamed(chunks, schema)


def _null(kind: str) -> pl.Expr:
    return pl.lit(None, dtype=pl.Float64).alias(f"p_{kind}")
