"""The features about devices, merchants, recipients and rings again, in plain loops (see ``reference``)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from statistics import median

from fraud_assets_tests.features.ledgers import Bank
from fraud_assets_tests.features.reference import DAY, Row, Values, attempts, local, payments, within

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=16)
def rows_of(bank: Bank, table: str) -> list[Row]:
    """A table's rows; none if the bank does not have it."""
    frame = getattr(bank, table)
    return [] if frame is None else frame.to_dicts()


def midnight(row: Row) -> datetime:
    return datetime.combine(row["event_time"].date(), time(), UTC)


def ip(row: Row) -> str | None:
    text = row["ip_address"]
    return text if text is not None and text.count(".") == 3 else None


def seconds(span: timedelta | None) -> float | None:
    return None if span is None else span / timedelta(seconds=1)


def device(bank: Bank, row: Row, past: list[Row], person: Row) -> Values:
    at, used, number = row["event_time"], row["device_id"], ip(row)
    recent = within(past, row, "84d")
    logins = [
        r
        for r in rows_of(bank, "logins")
        if r["customer_id"] == row["customer_id"] and at - timedelta(days=84) <= r["event_time"] < at
    ]
    listed = rows_of(bank, "devices")
    versions = [r["app_version"] for r in listed if r["customer_id"] is not None and r["app_version"] is not None]
    mine = [r["app_version"] for r in listed if r["device_id"] == used and r["app_version"] is not None]
    age = None
    if used is not None and any(r["customer_id"] is not None for r in listed):
        first = [r["event_time"] for r in [*attempts(recent), *logins] if r["device_id"] == used]
        first += [
            r["first_used_at"] for r in listed if r["device_id"] == used and r["customer_id"] == row["customer_id"]
        ]
        age = (at - min([*first, at])) / DAY
    devices = {r["device_id"] for r in attempts(within(past, row, "30d"))} - {None}
    home = tuple(person.get(f"home_{part}") for part in ("city", "state", "country"))
    here = tuple(row[part] for part in ("city", "state", "country"))
    shops = [r for r in payments(recent) if r["channel"] == "card_present" and r["city"] is not None]
    places = [home] if person else []
    places += [tuple(shops[-1][part] for part in ("city", "state", "country"))] if shops else []
    is_elsewhere = None
    if number is not None and row["city"] is not None and places:
        is_elsewhere = int(here not in places)
    entered = [at - r["event_time"] for r in logins if r["event"] == "login" and r["is_success"]]
    changed = [at - r["event_time"] for r in logins if r["event"] != "login" and r["is_success"]]
    failed = [r for r in logins if r["event"] == "login" and not r["is_success"] and at - r["event_time"] <= DAY]
    return {
        "device_age_days_c": age,
        "is_new_device_c": None if used is None else int(used not in {r["device_id"] for r in payments(recent)}),
        "d_distinct_customers_30d": None if used is None else touched(bank, "device", used, row, 30),
        "c_distinct_devices_30d": len(devices) or None,
        "ip_is_new_c": None if number is None else int(number not in {ip(r) for r in payments(recent)}),
        "ip_distinct_customers_24h": None if number is None else touched(bank, "ip", number, row, 1),
        "ip_city_mismatch": is_elsewhere,
        "seconds_since_login": seconds(min(entered, default=None)),
        "failed_logins_24h": None if bank.logins is None else len(failed),
        "credential_change_age_hours": min(changed) / HOUR if changed else None,
        "app_version_rarity": -math.log(versions.count(mine[0]) / len(versions)) if mine and used is not None else None,
    }


def touched(bank: Bank, kind: str, entity: object, row: Row, days: int) -> int | None:
    """Customers of an entity in the days before the row's; one if fewer than two were there in 30 days."""
    if not bank.has_sharing:
        return None
    users = users_of(bank, kind, midnight(row) - 30 * DAY, midnight(row)).get(entity, set())
    if len(users) < 2:
        return 1
    return max(1, len(users_of(bank, kind, midnight(row) - days * DAY, midnight(row)).get(entity, set())))


def users_of(bank: Bank, kind: str, start: datetime, end: datetime) -> dict[object, set[int]]:
    rows = attempts(rows_of(bank, "transactions")) + (rows_of(bank, "logins") if kind in ("device", "ip") else [])
    users: dict[object, set[int]] = {}
    for r in rows:
        entity = ip(r) if kind == "ip" else r[f"{kind}_id"]
        if entity is not None and start <= r["event_time"] < end:
            users.setdefault(entity, set()).add(r["customer_id"])
    return users


def merchant(bank: Bank, row: Row) -> Values:
    hour = row["event_time"].replace(minute=0, second=0, microsecond=0)
    ledger = rows_of(bank, "transactions")
    at_merchants = [r for r in ledger if r["merchant_id"] is not None]
    mine = [r for r in at_merchants if r["merchant_id"] == row["merchant_id"]]

    def between(rows: list[Row], end: datetime, span: timedelta, what: str = "event_time") -> list[Row]:
        return [r for r in rows if end - span <= r[what] < end]

    reach = [r for r in at_merchants if bank.month.start - timedelta(days=37) <= r["event_time"]]
    names = ["known_fraud_rate_1d", "known_fraud_rate_7d", "known_fraud_rate_30d", "count_1h_z", "decline_rate_1h"]
    names += ["small_amount_share_1h", "refund_rate_30d", "customers_per_hour"]
    values: Values = {f"m_{name}": None for name in names}
    if row["merchant_id"] is not None and bank.has_activity:
        frauds = [r for r in rows_of(bank, "reports") if r["kind"] == "fraud" and r["merchant_id"] is not None]
        here = [r for r in frauds if r["merchant_id"] == row["merchant_id"]]
        then, month = hour - 7 * DAY, 30 * DAY
        paid = payments(between(at_merchants, then, month))
        rate = max(len(between(frauds, then, month, "reported_at")) / len(paid) if paid else 0, 1e-4)
        for days in (1, 7, 30):
            known = len(between(here, then, days * DAY, "reported_at"))
            count = len(payments(between(mine, then, days * DAY)))
            values[f"m_known_fraud_rate_{days}d"] = (known + 200 * rate) / (count + 200)
        last = attempts(between(mine, hour, HOUR))
        start = min(r["event_time"] for r in reach).replace(minute=0)
        usual = len(attempts(between(mine, hour, month))) / min(max((hour - start) // HOUR, 1), 720)
        values["m_count_1h_z"] = (len(last) - usual) / math.sqrt(usual + 1)
        population = {
            p["value"]: p["log_amount_mean"] for p in rows_of(bank, "population") if p["dimension"] == "category"
        }
        if last:
            values["m_decline_rate_1h"] = 1 - len(payments(last)) / len(last)
            small = [r for r in last if math.log(r["amount"] / 0.15) < population.get(r["category"], -math.inf)]
            values["m_small_amount_share_1h"] = len(small) / len(last) if population else None
        bought = payments(between(mine, hour, month))
        refunds = [r for r in between(mine, hour, month) if r["kind"] == "refund" and r["direction"] == "credit"]
        values["m_refund_rate_30d"] = len(refunds) / len(bought) if bought else None
        hours = [attempts(between(mine, hour - k * HOUR, HOUR)) for k in range(24)]
        values["m_customers_per_hour"] = sum(len({r["customer_id"] for r in rows}) for rows in hours) / 24
    listed = [r for r in rows_of(bank, "merchants") if r["merchant_id"] == row["merchant_id"]]
    age = (local(row).date() - listed[0]["opened_on"]).days if listed else -1
    return values | {
        "m_reputation": listed[0]["reputation"] if listed else None,
        "m_age_days": age if age >= 0 else None,
    }


def network(bank: Bank, row: Row, past: list[Row]) -> Values:
    payee, at = row["payee_id"], row["event_time"]
    paid = [r for r in payments(within(past, row, "84d")) if r["payee_id"] is not None]
    times = [r["event_time"] for r in paid if r["payee_id"] == payee]
    is_new = payee is not None and not times
    day = within(past, row, "24h")
    came = sum(r["amount"] for r in day if is_income(r))
    went = sum(r["amount"] for r in payments(day) if is_sending(r))
    waits = [hold(past, r) for r in payments(within(past, row, "30d")) if is_sending(r)]
    holds = [wait for wait in waits if wait is not None][-10:]
    own = hold(past, row) if is_sending(row) else None
    holds += [] if own is None else [own]
    nearest: list[tuple[int, int]] = []
    if is_new and paid:
        for other in {r["payee_id"] for r in paid[-100:]}:
            count = len([r for r in paid if r["payee_id"] == other])
            name = next(r["recipient_entity"] for r in paid if r["payee_id"] == other)
            nearest.append((edits(row["recipient_entity"], name), -count))
    size, share = ring(bank, row)
    return {
        "is_new_payee_c": None if payee is None else int(is_new),
        "payee_age_days_c": None if payee is None else (at - min([*times, at])) / DAY,
        "r_distinct_senders_24h": None if payee is None else touched(bank, "payee", payee, row, 1),
        "r_distinct_senders_30d": None if payee is None else touched(bank, "payee", payee, row, 30),
        "c_inflow_24h": came,
        "c_passthrough_24h": min(went / came, 1) if came else None,
        "c_median_hold_minutes": median(wait / MINUTE for wait in holds) if holds else None,
        "c_out_over_in_24h": (row["amount"] + sum(r["amount"] for r in payments(day))) / came if came else None,
        "ring_size_previous_day": size,
        "ring_known_fraud_share": share,
        "payee_min_edit_distance": min(nearest)[0] if nearest else None,
        "payee_nearest_use_count": -min(nearest)[1] if nearest else None,
    }


def is_income(row: Row) -> bool:
    return row["kind"] == "income" and row["direction"] == "credit" and row["status"] != "declined"


def is_sending(row: Row) -> bool:
    return row["kind"] in ("transfer", "withdrawal")


def hold(past: list[Row], row: Row) -> timedelta | None:
    waits = [row["event_time"] - r["event_time"] for r in past if is_income(r) and r["event_time"] < row["event_time"]]
    return min((w for w in waits if w <= timedelta(days=7)), default=None)


def edits(a: str, b: str) -> int:
    """Optimal string alignment, by its recursion."""
    table: dict[tuple[int, int], int] = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            ways = [i + j] if not (i and j) else [table[i - 1, j] + 1, table[i, j - 1] + 1]
            if i and j:
                ways.append(table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                ways.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(ways)
    return table[len(a), len(b)]


def ring(bank: Bank, row: Row) -> tuple[int | None, float | None]:
    """Size of the customer's ring when the row's day began, and its share of reported customers."""
    if not bank.has_sharing:
        return None, None
    day = midnight(row)
    groups = list(users_of(bank, "device", day - 30 * DAY, day).values())
    known = users_of(bank, "payee", day - 60 * DAY, day - 30 * DAY)
    first = min(
        r["event_time"] for r in rows_of(bank, "transactions") if r["event_time"] >= bank.month.start - 60 * DAY
    )
    if day.date() - first.date() >= timedelta(days=60):
        groups += [u for payee, u in users_of(bank, "payee", day - 30 * DAY, day).items() if payee not in known]
    homes: dict[int, set[int]] = {}
    for person in rows_of(bank, "customers"):
        if person["registered_at"] < day.date():
            homes.setdefault(person["address_id"], set()).add(person["customer_id"])
    groups = [g for g in [*groups, *homes.values()] if 2 <= len(g) <= 50]
    members, size = {row["customer_id"]}, 0
    while len(members) > size:
        size = len(members)
        members |= {one for group in groups if group & members for one in group}
    reported = {
        r["customer_id"]
        for r in rows_of(bank, "reports")
        if r["kind"] == "fraud" and day - 83 * DAY <= r["reported_at"] < day - 7 * DAY
    }
    return size, len(members & reported) / size if size > 1 else None
