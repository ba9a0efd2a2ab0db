"""The features about anomalies, and those that join others, again, in plain loops (see ``slow``)."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

from fraud_assets_tests.features.reference import (
    DAY,
    Row,
    Values,
    attempts,
    deviations,
    distance,
    local,
    log_amount,
    mean,
    payments,
    place,
    within,
)

HOUR = timedelta(hours=1)
KINDS = ("behavioural", "geographic", "temporal", "amount")
#: Verdicts by customer's rows and the row: the same past is judged again and again.
Verdicts = dict[int, dict[str, float] | None]


def judge(row: Row, past: list[Row], person: Row, verdicts: Verdicts) -> dict[str, float] | None:
    """Kind -> how far beyond its limit, 0 to 1; None with too few payments to compare with."""
    key = row["transaction_id"]
    if key not in verdicts:
        verdicts[key] = _judge(row, [r for r in past if r["event_time"] < row["event_time"]], person)
    return verdicts[key]


def _judge(row: Row, past: list[Row], person: Row) -> dict[str, float] | None:
    usual = [r for r in payments(past) if r["event_time"] >= row["event_time"] - timedelta(days=54)]
    if len(usual) < 10:
        return None
    n = len(usual)
    found = dict.fromkeys(KINDS, 0.0)
    if (row["category"], row["channel"]) not in {(r["category"], r["channel"]) for r in usual}:
        found["behavioural"] = n / (n + 100)
    in_hour = len(attempts(within(past, row, "1h"))) + 1
    if in_hour > 5:
        found["behavioural"] = max(found["behavioural"], 1 - 5 / in_hour)
    here, far = town(row), distance(place(row), place(person, "home_"))
    if row["city"] is not None and far is not None and far > 100 and here not in {town(r) for r in usual}:
        found["geographic"] = 1 - 100 / far
    part = local(row).hour // 4
    share = (len([r for r in usual if local(r).hour // 4 == part]) + 1) / (n + 1)
    if share < 0.05:
        found["temporal"] = 1 - share / 0.05
    logs = [log_amount(r) for r in usual]
    average = sum(logs) / n
    z = deviations(log_amount(row), average, sum((x - average) ** 2 for x in logs) / n)
    if z > 2.5:
        found["amount"] = 1 - 2.5 / z
    return found


def town(row: Row) -> tuple[Any, ...]:
    return row["city"], row["state"], row["country"]


def anomaly(row: Row, past: list[Row], person: Row, verdicts: Verdicts) -> Values:
    at = row["event_time"]
    now = judge(row, past, person, verdicts)
    values: Values = {f"anomaly_{kind}_now": None if now is None else int(now[kind] > 0) for kind in KINDS}
    if row["city"] is None or distance(place(row), place(person, "home_")) is None:
        values["anomaly_geographic_now"] = None
    tried = attempts(within(past, row, "30d"))
    judged = [(r, judge(r, past, person, verdicts) or dict.fromkeys(KINDS, 0.0)) for r in tried]
    odd = [(r, found) for r, found in judged if any(found.values())]
    is_odd = [any(found.values()) for _, found in judged]
    for kind in KINDS:
        values[f"anomaly_{kind}_rate_30d"] = mean([float(found[kind] > 0) for _, found in judged])
    for window in ("1h", "24h", "7d"):
        values[f"anomaly_count_{window}"] = len(within([r for r, _ in odd], row, window))
    week = attempts(within(past, row, "7d"))
    counts = [sum(found[kind] > 0 for _, found in odd) for kind in KINDS]
    shares = [count / sum(counts) for count in counts if count]
    run: list[Row] = []
    for r, found in reversed(judged):
        if not any(found.values()):
            break
        run.append(r)
    followed = [after for before, after in pairwise(is_odd) if before]
    worst = [round(max(found.values()), 3) for _, found in odd]
    return values | {
        "anomaly_trend": len(within([r for r, _ in odd], row, "7d")) / len(week) - len(odd) / len(tried)
        if week
        else None,
        "hours_since_last_anomaly": (at - odd[-1][0]["event_time"]) / HOUR if odd else None,
        "days_since_first_anomaly": (at - odd[0][0]["event_time"]) / DAY if odd else None,
        "anomaly_severity_mean_30d": mean(worst),
        "anomaly_severity_max_30d": max(worst, default=None),
        "anomaly_type_entropy_30d": -sum(p * math.log(p) for p in shares) if shares else None,
        "anomaly_streak": ((at - run[-1]["event_time"]) / HOUR if run else 0) if tried else None,
        "anomaly_consecutive": len(run),
        "anomaly_persistence_30d": mean([float(after) for after in followed]),
    }


def interaction(row: Row, v: Values, has_logins: bool) -> Values:
    """From the values of the other families."""

    def times(*factors: Any) -> float | None:
        return None if any(f is None for f in factors) else math.prod(factors)

    age, speed, burst = v["credential_change_age_hours"], v["speed_kmh_previous"], v["m_count_1h_z"]
    changed = (0.0 if age is None else 1 / (1 + float(age))) if has_logins else None
    ring, tested = v["ring_size_previous_day"], v["anomaly_amount_now"] is not None
    kinds = sum(int(v[f"anomaly_{kind}_now"] or 0) for kind in KINDS) if tested else None
    return {
        "new_device_x_amount_z": times(v["is_new_device_c"], v["amount_z_c"]),
        "new_payee_x_credential_change": times(v["is_new_payee_c"], changed),
        "night_x_new_merchant": times(v["is_night"], v["is_new_merchant_c"]),
        "velocity_x_declines": times(v["c_count_1h"], v["c_declined_1h"]),
        "dormant_x_amount_ratio": times(v["days_dormant"], v["amount_over_c_max"]),
        "speed_x_card_present": speed if row["channel"] == "card_present" else 0,
        "ring_x_passthrough": None if ring is None else (int(ring) - 1) * float(v["c_passthrough_24h"] or 0),
        "anomaly_x_merchant_risk": times(kinds, v["m_known_fraud_rate_30d"]),
        "round_x_new_merchant": times(v["is_round_100"], v["is_new_merchant_c"]),
        "small_amount_x_merchant_burst": times(
            v["m_small_amount_share_1h"], None if burst is None else max(float(burst), 0)
        ),
        "refund_x_velocity": times(v["refund_share_c_30d"], v["c_count_24h"]),
        "mismatch_x_new_device": times(v["ip_city_mismatch"], v["is_new_device_c"]),
        "weighted_risk_score": score(v),
    }


def score(v: Values) -> float:
    signs: list[tuple[Any, float, int]] = [
        (v["is_new_device_c"], 1, 10), (v["is_new_payee_c"], 1, 10), (v["is_new_merchant_c"], 1, 5),
        (v["is_new_delivery_address_c"], 1, 5), (v["is_night"], 1, 5), (v["is_impossible_travel"], 1, 15),
        (v["ip_city_mismatch"], 1, 5), (v["failed_logins_24h"], 3, 10), (v["c_declined_1h"], 1, 10),
        (v["is_just_below_limit"], 1, 5), (v["amount_z_c"], 3, 10), (v["anomaly_count_24h"], 2, 5),
        (v["ring_known_fraud_share"], 0.01, 10),
    ]  # fmt: skip
    known = [(value, least, weight) for value, least, weight in signs if value is not None]
    return sum(w for value, least, w in known if value >= least) / sum(w for _, _, w in known)
