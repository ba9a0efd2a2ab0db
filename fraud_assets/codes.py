"""The codes that columns of the tables may hold, in their order.

What lives here: the words alone, so that whoever needs no more than them loads no schema.
"""

from __future__ import annotations

CHANNELS = ["card_present", "online", "app", "bank"]
DIRECTIONS = ["debit", "credit"]
STATUSES = ["approved", "declined", "pending"]
KINDS = ["purchase", "bill", "transfer", "withdrawal", "income", "refund", "reversal"]
ENTRY_MODES = ["chip", "contactless", "swipe", "keyed", "ecommerce", "wallet", "account"]
CARD_TYPES = ["credit", "debit", "prepaid"]
DECLINE_REASONS = [
    "insufficient_funds",
    "do_not_honor",
    "wrong_credentials",
    "limit_exceeded",
    "expired_card",
    "card_blocked",
    "invalid_account",
    "technical",
    "wrong_pin",
    "cvv_mismatch",
    "suspected_fraud",
]
DEVICE_KINDS = ["phone", "laptop", "tablet", "terminal"]
SHARED_KINDS = ["device", "ip", "payee", "customer", "address"]
LOGIN_EVENTS = ["login", "password_reset", "credential_change", "phone_change"]
SKILLS = ["low", "mid", "high"]
SEVERITIES = ["low", "medium", "high", "critical"]
ANOMALY_TYPES = ["behavioural", "geographic", "temporal", "amount"]
REPORT_KINDS = ["fraud", "wrong_recipient", "wrong_amount", "duplicate"]
REPORT_SOURCES = ["customer", "chargeback", "charge_off", "merchant_audit", "law_enforcement", "processor", "bank"]
DECISIONS = ["APPROVED", "FLAGGED", "REJECTED"]
RISK_LEVELS = ["low", "medium", "high", "critical"]
TRENDS = ["falling", "steady", "rising"]
