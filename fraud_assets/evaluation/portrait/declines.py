"""What is refused, where and why."""

from __future__ import annotations

from typing import Any

import polars as pl

from fraud_assets.evaluation.portrait.rows import PAID, collect, in_order, is_kind, month_ledger, share
from fraud_assets.evaluation.portrait.subject import Tables


def declines(tables: Tables) -> dict[str, Any]:
    """Payments by channel and status, and declined ones by reason: honest and fraud apart."""
    cells = collect(
        month_ledger(tables)
        .filter(is_kind(*PAID))
        .group_by("channel", "status", "decline_reason", "is_fraud")
        .agg(rows=pl.len())
    )
    declined = pl.col("status") == "declined"
    channels = in_order(cells["channel"].to_list())

    def counts(rows: pl.DataFrame) -> dict[str, Any]:
        total, refused = int(rows["rows"].sum()), int(rows.filter(declined)["rows"].sum())
        pending = int(rows.filter(status="pending")["rows"].sum())
        return {
            "rows": total,
            "declined": refused,
            "rate": share(refused, total),
            "pending_rate": share(pending, total),
        }

    def reasons(rows: pl.DataFrame) -> dict[str, int]:
        found = rows.filter(declined).group_by(pl.col("decline_reason").fill_null("no reason given"))
        sums = found.agg(pl.col("rows").sum())
        return dict(sums.sort("rows", "decline_reason", descending=[True, False]).iter_rows())

    honest, fraud = cells.filter(~pl.col("is_fraud")), cells.filter("is_fraud")
    return {
        "honest": counts(honest),
        "fraud": counts(fraud),
        "channels": {
            channel: {
                "honest": counts(honest.filter(channel=channel)),
                "fraud": counts(fraud.filter(channel=channel)),
                "reasons": reasons(honest.filter(channel=channel)),
            }
            for channel in channels
        },
        "reasons": {"honest": reasons(honest), "fraud": reasons(fraud)},
    }
