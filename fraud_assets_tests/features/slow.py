"""Every feature again, slowly and obviously: plain loops over plain rows, from the definitions alone.

Floats are compared with a small tolerance; the reference takes logarithms of amounts to four decimals and distances to
the metre, as the definitions say, and is free in everything else.
"""

from __future__ import annotations

from fraud_assets_tests.features.ledgers import Bank
from fraud_assets_tests.features.reference import Values, behaviour, geography, history_days, transaction, velocity
from fraud_assets_tests.features.reference_anomaly import Verdicts, anomaly, interaction
from fraud_assets_tests.features.reference_money import delivery, wallet
from fraud_assets_tests.features.reference_others import device, merchant, network


def reference(bank: Bank) -> list[Values]:
    """The month's feature rows in ledger order, keyed by column name."""
    rows = bank.transactions.to_dicts()
    customers = {c["customer_id"]: c for c in bank.customers.to_dicts()}
    population = {(p["dimension"], p["value"]): p for p in bank.population.to_dicts()}
    verdicts: Verdicts = {}
    out = []
    for row in rows:
        if row["direction"] != "debit" or not bank.month.start <= row["event_time"] < bank.month.end:
            continue
        past = [r for r in rows if r["customer_id"] == row["customer_id"] and r["event_time"] < row["event_time"]]
        reports = [
            r for r in bank.reports.to_dicts() if r["customer_id"] == row["customer_id"] and r["kind"] == "fraud"
        ]
        person = customers.get(row["customer_id"], {})
        keys = {name: row[name] for name in ("transaction_id", "customer_id", "event_time")}
        keys["history_days"] = history_days(bank, row)
        values = (
            keys
            | transaction(bank, row, person)
            | velocity(row, past)
            | behaviour(bank, row, past, person, reports, population)
            | geography(row, past, person)
            | device(bank, row, past, person)
            | merchant(bank, row)
            | network(bank, row, past)
            | delivery(bank, row, past, person)
            | wallet(bank, row, past, person)
            | anomaly(row, past, person, verdicts)
        )
        out.append(values | interaction(row, values, bank.logins is not None))
    return out
