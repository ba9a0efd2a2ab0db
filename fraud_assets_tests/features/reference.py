"""Every feature again, slowly and obviously: plain loops over plain rows, from the definitions alone.

Floats are compared with a small tolerance; the reference takes logarithms of amounts to four decimals and distances to
the metre, as the definitions say, and is free in everything else.
"""

from __future__ import annotations

import calendar
import math
from datetime import datetime, timedelta
from typing import Any

from fraud_assets_tests.features.ledgers import Bank

Row = dict[str, Any]
Values = dict[str, float | int | str | None]

WINDOWS = {
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "84d": timedelta(days=84),
}
DAY = timedelta(days=1)


def within(past: list[Row], row: Row, window: str) -> list[Row]:
    return [r for r in past if r["event_time"] >= row["event_time"] - WINDOWS[window]]


def attempts(past: list[Row]) -> list[Row]:
    return [r for r in past if r["direction"] == "debit"]


def payments(past: list[Row]) -> list[Row]:
    return [r for r in attempts(past) if r["status"] != "declined"]


def local(row: Row) -> datetime:
    at: datetime = row["event_time"].replace(tzinfo=None) + timedelta(minutes=row["utc_offset_minutes"])
    return at


def history_days(bank: Bank, row: Row) -> int:
    start = max((bank.month - 3).start, bank.scenario.first.start)
    return min((row["event_time"] - start) // DAY, 84)


def log_amount(row: Row) -> float:
    return round(math.log(row["amount"]), 4)


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def deviations(value: float, average: float, variance: float) -> float:
    return (value - average) / max(math.sqrt(max(variance, 0)), 0.1)


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Spherical law of cosines in its stable form (Vincenty on a sphere), to the metre."""
    (p, x), (q, y) = [(math.radians(u), math.radians(v)) for u, v in (a, b)]
    d = y - x
    across = math.hypot(math.cos(q) * math.sin(d), math.cos(p) * math.sin(q) - math.sin(p) * math.cos(q) * math.cos(d))
    along = math.sin(p) * math.sin(q) + math.cos(p) * math.cos(q) * math.cos(d)
    return round(6371008.8 * math.atan2(across, along)) / 1000


def place(row: Row, prefix: str = "") -> tuple[float, float] | None:
    latitude, longitude = row.get(f"{prefix}latitude"), row.get(f"{prefix}longitude")
    return None if latitude is None or longitude is None else (latitude, longitude)


def distance(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float | None:
    return None if a is None or b is None else kilometres(a, b)


def transaction(bank: Bank, row: Row, person: Row) -> Values:
    at, amount = local(row), row["amount"]
    angle = 2 * math.pi * (at.hour * 60 + at.minute) / 1440
    payday = person.get("payday")
    since = None
    if payday is not None:
        day = at.date()
        since = 0
        while day.day != min(payday, calendar.monthrange(day.year, day.month)[1]):
            day, since = day - DAY, since + 1
    festivals = [h for h in bank.scenario.holidays if h.is_festival]
    return {
        "amount_log": log_amount(row),
        "amount_has_cents": int(round(amount * 100) % 100 != 0),
        "is_round_100": int(round(amount * 100) % 10_000 == 0),
        "is_just_below_limit": int(
            any(0.9 * limit <= amount + 1e-9 and amount < limit for limit in bank.scenario.limits)
        ),
        "hour_sin": math.sin(angle),
        "hour_cos": math.cos(angle),
        "day_of_week": at.weekday(),
        "is_night": int(at.hour < 5),
        "is_weekend": int(at.weekday() >= 5),
        "days_since_payday": since,
        "is_festival": int(any(h.first <= at.date() <= h.last for h in festivals)),
        "channel": row["channel"],
        "category": row["category"],
        "card_type": row["card_type"],
    }


def velocity(row: Row, past: list[Row]) -> Values:
    day, month, everything = within(past, row, "24h"), within(past, row, "30d"), within(past, row, "84d")
    values: Values = {}
    for w in ("5m", "1h", "6h", "24h", "7d", "30d"):
        values[f"c_count_{w}"] = len(attempts(within(past, row, w)))
    for w in ("1h", "6h", "24h", "7d", "30d"):
        values[f"c_amount_{w}"] = sum(r["amount"] for r in payments(within(past, row, w)))
    for w in ("1h", "24h"):
        values[f"c_declined_{w}"] = len([r for r in attempts(within(past, row, w)) if r["status"] == "declined"])
    gaps = [(row["event_time"] - r["event_time"]).total_seconds() for r in attempts(everything)]
    active = {local(r).date() for r in payments(month)}
    delays = []
    for r in payments(past):
        known = max(r["posted_at"], r["event_time"])
        late = known - r["event_time"]
        if row["event_time"] - WINDOWS["30d"] <= known < row["event_time"] and late <= timedelta(days=30):
            delays.append(late / timedelta(hours=1))
    return values | {
        "c_seconds_since_previous": min(gaps, default=None),
        "c_same_amount_24h": len([r for r in attempts(day) if r["amount"] == row["amount"]]),
        "c_distinct_merchants_24h": len({r["merchant_id"] for r in attempts(day)} - {None}),
        "c_daily_amount_mean_30d": sum(r["amount"] for r in payments(month)) / len(active) if active else None,
        "posting_delay_mean_30d": mean(delays),
    }


def behaviour(
    bank: Bank,
    row: Row,
    past: list[Row],
    person: Row,
    reports: list[Row],
    population: dict[tuple[str, str], Row],
) -> Values:
    paid, paid_30d = payments(within(past, row, "84d")), payments(within(past, row, "30d"))
    amounts, logs = [r["amount"] for r in paid], [log_amount(r) for r in paid]
    z = None
    if len(logs) >= 3:
        average = sum(logs) / len(logs)
        z = deviations(log_amount(row), average, sum((x - average) ** 2 for x in logs) / len(logs))
    last = amounts[-100:]
    lower, equal = sum(a < row["amount"] for a in last), sum(a == row["amount"] for a in last)
    count_24h, count_30d = (len(attempts(within(past, row, w))) for w in ("24h", "30d"))
    shops = [r["merchant_id"] for r in paid if r["merchant_id"] is not None]
    by_category = [len([r for r in paid_30d if r["category"] == c]) for c in {r["category"] for r in paid_30d}]
    shares = [n / len(paid_30d) for n in by_category]
    tenure = (local(row).date() - person["registered_at"]).days if person else None
    if tenure is not None and tenure < 0:
        tenure = None
    dormant = min((row["event_time"] - r["event_time"]) / DAY for r in paid) if paid else None
    if not paid and history_days(bank, row) == 84 and (tenure is None or tenure >= 84):
        dormant = 84
    back = [r for r in within(past, row, "30d") if r["kind"] in ("refund", "reversal") and r["direction"] == "credit"]
    back = [r for r in back if r["status"] != "declined"]
    age = [row["event_time"] - r["reported_at"] for r in reports]
    return {
        "amount_z_c": z,
        "amount_over_c_mean_30d": row["amount"] / mean([r["amount"] for r in paid_30d]) if paid_30d else None,
        "amount_over_c_max": row["amount"] / max(amounts) if amounts else None,
        "amount_z_c_category": z_category(row, paid, population),
        "amount_rank_c": (lower + equal / 2) / len(last) if last else None,
        "count_24h_over_30d": count_24h / (count_30d / 30) if count_30d else None,
        "hour_rarity_c": rarity(paid, row, "hour", population),
        "category_rarity_c": rarity(paid, row, "category", population),
        "channel_rarity_c": rarity(paid, row, "channel", population),
        "category_entropy_c_30d": -sum(p * math.log(p) for p in shares) if shares else None,
        "merchant_repeat_share_c": 1 - len(set(shops)) / len(shops) if shops else None,
        "is_new_merchant_c": None if row["merchant_id"] is None else int(row["merchant_id"] not in shops),
        "days_dormant": dormant,
        "tenure_days": tenure,
        "refund_share_c_30d": len(back) / len(paid_30d) if paid_30d else None,
        "known_reports_c": len([a for a in age if timedelta(days=7) < a <= timedelta(days=84)]),
    }


def z_category(row: Row, paid: list[Row], population: dict[tuple[str, str], Row]) -> float | None:
    if not population:
        return None
    prior = population.get(("category", row["category"]), population["all", "all"])
    m, s = prior["log_amount_mean"], prior["log_amount_std"]
    logs = [log_amount(r) for r in paid if r["category"] == row["category"]]
    n = len(logs) + 5
    average = (sum(logs) + 5 * m) / n
    square = (sum(x * x for x in logs) + 5 * (s * s + m * m)) / n
    return deviations(log_amount(row), average, square - average * average)


def rarity(paid: list[Row], row: Row, what: str, population: dict[tuple[str, str], Row]) -> float | None:
    if not population:
        return None

    def value(r: Row) -> str:
        return f"{local(r).hour:02d}" if what == "hour" else r[what]

    unseen = 1 / (population["all", "all"]["rows"] + 1)
    share = population.get((what, value(row)), {"share": unseen})["share"]
    same = len([r for r in paid if value(r) == value(row)])
    return -math.log((same + 10 * share) / (len(paid) + 10))


def geography(row: Row, past: list[Row], person: Row) -> Values:
    recent = within(past, row, "84d")
    home = place(person, "home_")
    placed = [r for r in attempts(recent) if place(r) is not None]
    present = [r for r in placed if r["channel"] == "card_present"]
    speed = impossible = None
    if row["channel"] == "card_present" and place(row) is not None and present:
        step = distance(place(row), place(present[-1])) or 0.0
        gap = max(row["event_time"] - present[-1]["event_time"], timedelta(minutes=1))
        speed = step / (gap / timedelta(hours=1))
        impossible = int(speed > 900 and step > 100)
    paid = [(r, distance(place(r), home)) for r in payments(recent)]
    last = [km for _, km in paid if km is not None][-10:]
    average = mean(last)
    spread = None
    if average is not None and len(last) > 1:
        spread = math.sqrt(sum((km - average) ** 2 for km in last) / len(last))
    at_counter = [(r["event_time"], km) for r, km in paid if km is not None and r["channel"] == "card_present"]
    away: float | None = None
    if at_counter:
        away, since = 0.0, None
        for at, km in at_counter:
            since = None if km <= 100 else since or at
        if since is not None:
            away = (row["event_time"] - since) / DAY
    city = (row["city"], row["state"], row["country"])
    cities = {(r["city"], r["state"], r["country"]) for r in payments(recent)}
    week = {(r["city"], r["state"], r["country"]) for r in attempts(within(past, row, "7d")) if r["city"] is not None}
    home_country = person.get("home_country")
    return {
        "km_from_home": distance(place(row), home),
        "km_from_previous": distance(place(row), place(placed[-1])) if placed else None,
        "speed_kmh_previous": speed,
        "is_impossible_travel": impossible,
        "mean_km_last_10": average,
        "std_km_last_10": spread,
        "is_new_city_c": None if row["city"] is None else int(city not in cities),
        "distinct_cities_7d": len(week),
        "is_cross_border": None if home_country is None else int(row["country"] != home_country),
        "days_away_streak": away,
    }
