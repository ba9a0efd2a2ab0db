"""Family wallet: how well the customer is identified, and money that comes, goes on and leaves.

Meant for a wallet of tokens; where a bank knows the same of its customers, the features say the same there.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.features.arrays import F64, either, micros, missing_where, nothing, opposite
from fraud_assets.features.block import Block
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.history import LONGEST_HOLD, PAST
from fraud_assets.features.people import KYC_LEVELS, LOGIN_MEMORY, NO_DAY

_float = partial(Feature, family="wallet", dtype=pl.Float32)
_int = partial(Feature, family="wallet", dtype=pl.Int32)

# fmt: off
FEATURES = (
    _int("kyc_level", "level", f"How well the customer has been identified: "
         f"{', '.join(f'{k} = {level}' for k, level in enumerate(KYC_LEVELS))}; null where that is not on file",
         dtype=pl.Int8, key="row", cost="row"),
    _int("kyc_age_days", "days", "Local days since the customer was identified, on joining; null unless verified",
         key="row", cost="row"),
    _int("redemptions_24h", "payments", "The customer's withdrawals: of cash, of tokens to a bank or an exchange",
         window="24h"),
    _float("deposit_to_redeem_minutes", "minutes", "Time from the last money that came in, at most 7 days ago, to this "
           "withdrawal; null where it is none, or without", window=LONGEST_HOLD),
    _int("login_new_ip_24h", "logins", f"The customer's logins from a network address without one in the "
         f"{LOGIN_MEMORY} before; null for a bank without logins", window="24h", baseline=LOGIN_MEMORY, cost="keyed"),
    _int("transfer_fanout_1h", "payees", "Different payees to whom the customer sent money", window="1h", cost="keyed"),
    _float("source_address_age_days", "days", "Time since the customer first received money from whoever sent the last "
           "that came in; null without any, or where that was no person or account", window=PAST, cost="keyed"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, at = inputs.block, inputs.block.at
    level, identified = block.people.kyc_level[at.group], block.people.registered[at.group]
    unknown = opposite(block.people.is_verified[at.group]) | (identified == NO_DAY)
    age = at.local_day - either(opposite(unknown), identified, 0)
    return {
        "kyc_level": missing_where(level < 0, level),
        "kyc_age_days": missing_where(unknown | (age < 0), age),
        "redemptions_24h": block.spending.sum("is_withdrawal", "24h"),
        "deposit_to_redeem_minutes": missing_where(
            opposite(at.is_withdrawal) | (block.hold < 0), block.hold / micros("1m")
        ),
        "login_new_ip_24h": _new_logins(block),
        "transfer_fanout_1h": block.spending.where("is_payee_sent").distinct("payee", "1h"),
        "source_address_age_days": _source_age(block),
    }


def _new_logins(block: Block) -> F64:
    if block.sessions is None:
        return nothing(block.at.time)
    return block.sessions.sum("entered_from_new_ip", "24h").astype(np.float64)


def _source_age(block: Block) -> F64:
    came = block.events.where("received")
    source, known = came.latest("payee", PAST), came.where("has_payee")
    if not known.size:
        return nothing(block.at.time)
    first = known.alike("payee", source).first(PAST)
    return missing_where(first < 0, (block.at.time - known.track.column("time")[first]) / micros("1d"))


FAMILY = Family("wallet", FEATURES, compute)
