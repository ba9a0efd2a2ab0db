"""The truth about every row that is not ordinary: columns of ``labeled_anomalies``."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.codes import ANOMALY_TYPES, SEVERITIES
from fraud_assets.months import Month
from fraud_assets.simulation.fraud.rows import Carried, carried_out
from fraud_assets.simulation.groups import FRAUD, begin, by_group
from fraud_assets.simulation.intents import (
    BURST,
    DAY,
    DECLINED,
    FALSE_REPORT,
    HIGH_AMOUNT,
    MINUTE,
    MISTYPED,
    NONE,
    Bank,
    Intents,
    concat,
)
from fraud_assets.simulation.ledger import keys, order, sight
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.prices import charged
from fraud_assets.simulation.recipients import cities
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms
from fraud_assets.simulation.told import told
from fraud_assets.tables import LabeledAnomalies, conform

_EARTH_KM = 6371.0
_FRAUD = {
    "is_fraud": pl.Boolean,
    "fraud_type": pl.String,
    "campaign_id": pl.Int64,
    "fraud_confidence": pl.Float64,
    "fraud_severity": pl.String,
    "fraud_evidence": pl.String,
}


def labeled(bank: Bank, month: Month) -> pl.DataFrame:
    """The truth of the units' rows of the month, sorted as the ledger is; columns of :class:`LabeledAnomalies`."""
    begin(bank, month, _frauds)
    ours = told(bank, month)
    parts, truth = [ours], [_honest(bank, ours)]
    for share, (fraud, known) in _frauds.of(bank, month):
        low, high = np.searchsorted(fraud.who, [share.first, share.end])
        mine = fraud.take(slice(low, high))
        parts.append(mine.but(who=mine.who + share.shift))
        truth.append(known[low:high])
    here = order(parts, month)
    rows = concat(parts, here)
    frame = keys(bank, rows).hstack(pl.concat(truth, how="diagonal")[here]).with_columns(_of_any_row(rows))
    return conform(frame, LabeledAnomalies)


def _of_any_row(rows: Intents) -> list[pl.Series]:
    bits = rows.accident
    return [
        _named(ANOMALY_TYPES, rows.anomaly).alias("anomaly_type"),
        pl.Series("is_accident_burst", (bits & BURST) != 0),
        pl.Series("is_high_amount_accident", (bits & HIGH_AMOUNT) != 0),
        pl.Series("is_mistyped_entity_accident", (bits & MISTYPED) != 0),
        pl.Series("is_false_report", (bits & FALSE_REPORT) != 0),
    ]


def _honest(bank: Bank, rows: Intents) -> pl.DataFrame:
    """The truth about honest rows; what only fraud has, is left to the frames of fraud."""
    return pl.DataFrame(
        {
            "is_fraud": np.zeros(len(rows), dtype=bool),
            "lookalike_of": _named(sorted(bank.scenario.fraud.types), rows.lookalike),
            "original_recipient_entity": _meant(bank, rows),
        }
    )


def _meant(bank: Bank, rows: Intents) -> pl.Series:
    """Names of those who were meant; null where nobody else was, which is nearly everywhere."""
    hit = np.flatnonzero(rows.intended != NONE)
    meant, by_account = rows.intended[hit], bank.by_account[rows.category[hit]]
    day = (rows.event_us[hit] + rows.offset[hit] * MINUTE) // DAY
    city = cities(bank, rows.who[hit], meant)
    texts = person_names(bank.scenario, meant, by_account=by_account, city=city, day=day)
    names = pl.concat([pl.Series([None], dtype=pl.String), texts], rechunk=True)
    which = np.zeros(len(rows), dtype=np.int64)
    which[hit] = 1 + np.arange(len(hit))
    return names[which]


@by_group(FRAUD)
def _frauds(group: Bank, month: Month) -> tuple[Intents, pl.DataFrame]:
    """The fraudulent rows of a group and the truth about them, sorted by customer."""
    done = carried_out(group, month)
    rows = concat([Intents.make(0), *(carried.emission.rows for carried in done)])
    order = np.argsort(rows.who, kind="stable")
    return rows.take(order), _fraud(group, done, rows)[order]


def _fraud(bank: Bank, done: list[Carried], rows: Intents) -> pl.DataFrame:
    """The truth about the rows of all plans, one after another: in one frame, since plans are many and short."""
    if not len(rows):
        return pl.DataFrame(schema=_FRAUD)
    u = hashed_uniforms(bank.scenario.seed, "truth.confidence", rows.transaction_id)
    skill = np.concatenate([c.plan.skill[c.emission.rows.campaign] for c in done])
    confidence = np.clip(0.95 - 0.13 * skill + 0.10 * (u - 0.5) + 0.03 * (rows.status == DECLINED), 0.55, 0.99)
    # The greater of what this row and what the whole takeover costs, against the scenario's p50, p80 and p95 of losses.
    paid = charged(bank, rows.category, rows.merchant, rows.cents) / 100
    loss = np.maximum(paid, np.concatenate([c.lost for c in done]))
    severity = np.searchsorted(np.array(bank.scenario.fraud.severity_losses), loss, side="right")
    which = np.repeat(np.arange(len(done)), [len(c.emission.rows) for c in done])
    return pl.DataFrame(
        {
            "is_fraud": np.ones(len(rows), dtype=bool),
            "fraud_type": _named([c.plan.fraud_type for c in done], which),
            "campaign_id": np.concatenate([c.plan.campaign_id[c.emission.rows.campaign] for c in done]),
            "fraud_confidence": confidence.round(2),
            "fraud_severity": _named(SEVERITIES, severity),
            "fraud_evidence": _evidence(bank, done, rows, skill),
        },
        schema=_FRAUD,
    )


def _evidence(bank: Bank, done: list[Carried], rows: Intents, skill: I64) -> pl.Series:
    """What an investigator with the whole picture would write down, JSON a row."""
    starts_us = np.concatenate([c.plan.starts_us[c.emission.rows.campaign] for c in done])
    of_any = pl.DataFrame(
        {
            "km_from_home": np.rint(_km_from_home(bank, rows)).astype(np.int64),
            "hours_since_start": pl.Series((rows.event_us - starts_us) / 3.6e9).round(1),
            "skill": _named(["low", "mid", "high"], skill),
        }
    )
    written, first = [], 0
    for carried in done:
        n = len(carried.emission.rows)
        both = pl.DataFrame(carried.emission.evidence).hstack(of_any[first : first + n])
        written.append(both.to_struct("evidence").struct.json_encode())
        first += n
    return pl.concat(written)


def _km_from_home(bank: Bank, rows: Intents) -> F64:
    """Great-circle distance from home to where each row seems to be (haversine), kilometres."""
    at = sight(bank, rows)
    lat1, lat2 = np.radians(at.latitude), np.radians(bank.traits.latitude[rows.who])
    dlon = np.radians(at.longitude - bank.traits.longitude[rows.who])
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(dlon / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1))))


def _named(names: list[str], code: np.ndarray) -> pl.Series:
    """Names by code; null where negative."""
    return pl.Series([*names, None], dtype=pl.String)[np.where(code < 0, len(names), code)]
