"""The truth about every row that is not ordinary: columns of ``labeled_anomalies``."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.months import Month
from fraud_assets.simulation.fraud.families.base import Emission
from fraud_assets.simulation.fraud.plan import Plan
from fraud_assets.simulation.fraud.rows import campaign_rows
from fraud_assets.simulation.honest import honest
from fraud_assets.simulation.intents import (
    APPROVED,
    BURST,
    CARD_PRESENT,
    DECLINED,
    HIGH_AMOUNT,
    INCOME,
    MISTYPED,
    NONE,
    Bank,
    Intents,
)
from fraud_assets.simulation.ledger import ledger, recipient_name
from fraud_assets.simulation.streams import F64, hashed_uniforms
from fraud_assets.tables import ANOMALY_TYPES, SEVERITIES, LabeledAnomalies, conform

_KEYS = [
    "transaction_id", "customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id",
]  # fmt: skip
_EARTH_KM = 6371.0


def labeled(bank: Bank, month: Month) -> pl.DataFrame:
    """The truth of the units' rows of the month, sorted as the ledger is; columns of :class:`LabeledAnomalies`."""
    parts = [_honest(bank, honest(bank, month))]
    parts += [_fraud(bank, plan, emission, lost) for plan, emission, lost in campaign_rows(bank, month)]
    return pl.concat(parts).sort("customer_id", "event_time", "transaction_id")


def _honest(bank: Bank, rows: Intents) -> pl.DataFrame:
    u = hashed_uniforms(bank.scenario.seed, "false.report", rows.transaction_id)
    false = (u < bank.scenario.fraud.false_report) & (rows.status == APPROVED) & (rows.kind < INCOME)
    false &= rows.accident == 0
    told = np.flatnonzero(false | (rows.accident != 0) | (rows.anomaly != NONE) | (rows.lookalike != NONE))
    rows, false = rows.take(told), false[told]
    types = sorted(bank.scenario.fraud.types)
    n = len(rows)
    nothing = pl.Series([None] * n, dtype=pl.String)
    return _table(
        bank,
        rows,
        is_fraud=pl.Series([False] * n, dtype=pl.Boolean),
        fraud_type=nothing,
        campaign_id=pl.Series([None] * n, dtype=pl.Int64),
        fraud_confidence=pl.Series([None] * n, dtype=pl.Float64),
        fraud_severity=nothing,
        fraud_evidence=nothing,
        lookalike_of=_named(types, rows.lookalike),
        original_recipient_entity=recipient_name(rows.intended),
        is_false_report=pl.Series(false),
    )


def _fraud(bank: Bank, plan: Plan, emission: Emission, lost: F64) -> pl.DataFrame:
    rows = emission.rows
    n = len(rows)
    u = hashed_uniforms(bank.scenario.seed, "truth.confidence", rows.transaction_id)
    skill = plan.skill[rows.campaign]
    confidence = np.clip(0.95 - 0.13 * skill + 0.10 * (u - 0.5) + 0.03 * (rows.status == DECLINED), 0.55, 0.99)
    # The greater of what this row and what the whole takeover costs, against the scenario's p50, p80 and p95 of losses.
    loss = np.maximum(rows.cents / 100, lost)
    severity = np.searchsorted(np.array(bank.scenario.fraud.severity_losses), loss, side="right")
    return _table(
        bank,
        rows,
        is_fraud=pl.Series([True] * n, dtype=pl.Boolean),
        fraud_type=pl.Series([plan.fraud_type] * n, dtype=pl.String),
        campaign_id=pl.Series(plan.campaign_id[rows.campaign], dtype=pl.Int64),
        fraud_confidence=pl.Series(confidence).round(2),
        fraud_severity=_named(SEVERITIES, severity),
        fraud_evidence=_evidence(bank, plan, emission),
        lookalike_of=pl.Series([None] * n, dtype=pl.String),
        original_recipient_entity=pl.Series([None] * n, dtype=pl.String),
        is_false_report=pl.Series([False] * n, dtype=pl.Boolean),
    )


def _table(bank: Bank, rows: Intents, **truth: pl.Series) -> pl.DataFrame:
    keys = ledger(bank, rows).select(_KEYS)
    bits = rows.accident
    return conform(
        keys.with_columns(
            **truth,
            anomaly_type=_named(ANOMALY_TYPES, rows.anomaly),
            is_accident_burst=pl.Series((bits & BURST) != 0),
            is_high_amount_accident=pl.Series((bits & HIGH_AMOUNT) != 0),
            is_mistyped_entity_accident=pl.Series((bits & MISTYPED) != 0),
        ),
        LabeledAnomalies,
    )


def _evidence(bank: Bank, plan: Plan, emission: Emission) -> pl.Series:
    """What an investigator with the whole picture would write down, JSON a row."""
    rows = emission.rows
    columns = {name: pl.Series(values.tolist()) for name, values in emission.evidence.items()}
    columns["km_from_home"] = pl.Series(np.rint(_km_from_home(bank, rows)).astype(np.int64))
    columns["hours_since_start"] = pl.Series(
        (rows.event_us - plan.starts_us[rows.campaign]) / 3.6e9, dtype=pl.Float64
    ).round(1)
    columns["skill"] = _named(["low", "mid", "high"], plan.skill[rows.campaign])
    return pl.DataFrame(columns).to_struct("evidence").struct.json_encode()


def _km_from_home(bank: Bank, rows: Intents) -> F64:
    """Great-circle distance from home to the city of the row (haversine), kilometres."""
    towns = bank.scenario.cities
    at_shop = (bank.channel[rows.category] == CARD_PRESENT) & (rows.merchant != NONE)
    shop = np.maximum(rows.merchant, 0)
    latitude = np.where(at_shop, bank.directory.latitude[shop], np.array([c.latitude for c in towns])[rows.place])
    longitude = np.where(at_shop, bank.directory.longitude[shop], np.array([c.longitude for c in towns])[rows.place])
    lat1, lat2 = np.radians(latitude), np.radians(bank.traits.latitude[rows.who])
    dlon = np.radians(longitude - bank.traits.longitude[rows.who])
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(dlon / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1))))


def _named(names: list[str], code: np.ndarray) -> pl.Series:
    """Names by code; null where negative."""
    return pl.Series([*names, None], dtype=pl.String).gather(np.where(code < 0, len(names), code))
