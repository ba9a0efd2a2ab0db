"""The features about deliveries, and about money that comes and leaves, again, in plain loops (see ``slow``)."""

from __future__ import annotations

from datetime import timedelta

from fraud_assets_tests.features.ledgers import Bank
from fraud_assets_tests.features.reference import DAY, Row, Values, local, payments, within
from fraud_assets_tests.features.reference_others import MINUTE, hold, ip, is_income, rows_of, touched


def delivery(bank: Bank, row: Row, past: list[Row], person: Row) -> Values:
    address, home = row["delivery_address_id"], person.get("address_id")
    used = {r["delivery_address_id"] for r in payments(within(past, row, "84d"))} | {home}
    is_sent = address is not None
    return {
        "is_express_delivery": int(row["is_express_delivery"]) if is_sent else None,
        "is_delivery_elsewhere": int(address != home) if is_sent and home is not None else None,
        "is_new_delivery_address_c": int(address not in used) if is_sent else None,
        "a_distinct_customers_30d": touched(bank, "delivery_address", address, row, 30) if is_sent else None,
    }


def wallet(bank: Bank, row: Row, past: list[Row], person: Row) -> Values:
    at = row["event_time"]
    age = (local(row).date() - person["registered_at"]).days if person.get("kyc_status") == "verified" else -1
    last_day = payments(within(past, row, "24h"))
    waited = hold(past, row) if row["kind"] == "withdrawal" else None
    sent = [r for r in payments(within(past, row, "1h")) if r["kind"] in ("transfer", "withdrawal")]
    came = [r for r in within(past, row, "84d") if is_income(r)]
    source = came[-1]["payee_id"] if came else None
    since = [at - r["event_time"] for r in came if r["payee_id"] == source]
    levels = ["none", "basic", "full"]
    return {
        "kyc_level": levels.index(person["kyc_level"]) if person.get("kyc_level") in levels else None,
        "kyc_age_days": age if age >= 0 else None,
        "redemptions_24h": len([r for r in last_day if r["kind"] == "withdrawal"]),
        "deposit_to_redeem_minutes": None if waited is None else waited / MINUTE,
        "login_new_ip_24h": None if bank.logins is None else new_logins(bank, row),
        "transfer_fanout_1h": len({r["payee_id"] for r in sent} - {None}),
        "source_address_age_days": max(since) / DAY if source is not None else None,
    }


def new_logins(bank: Bank, row: Row) -> int:
    entered = [
        r
        for r in rows_of(bank, "logins")
        if r["customer_id"] == row["customer_id"] and r["event"] == "login" and r["is_success"] and ip(r) is not None
    ]
    count = 0
    for r in entered:
        if row["event_time"] - DAY <= r["event_time"] < row["event_time"]:
            before = [s for s in entered if r["event_time"] - timedelta(days=60) <= s["event_time"] < r["event_time"]]
            count += ip(r) not in {ip(s) for s in before}
    return count
