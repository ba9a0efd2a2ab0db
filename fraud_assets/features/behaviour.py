"""Family behaviour: how the payment differs from what the customer has been doing in the last 84 days.

Habits are made of payments that were not declined: a thief's failed attempts must not become the customer's habit.
Shares and means of small samples are drawn towards the population's (``population_statistics``), and are null where
there is no population yet.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.codes import CHANNELS
from fraud_assets.features.arrays import (
    F64,
    I64,
    LOG_SCALE,
    constant,
    deviations,
    either,
    entropy,
    larger,
    micros,
    missing_where,
    n_ln_n,
    opposite,
    ratio,
)
from fraud_assets.features.block import Block
from fraud_assets.features.context import Context
from fraud_assets.features.events import Alike, Events
from fraud_assets.features.feature import MONTH_BEFORE, Columns, Family, Feature, Inputs
from fraud_assets.features.history import PAST
from fraud_assets.features.people import NO_DAY

#: Payments needed before the customer's own mean and deviation say anything.
ENOUGH = 3
#: Weight of the population, in payments, when a customer's mean or share is drawn towards it.
AMOUNT_PRIOR, SHARE_PRIOR = 5, 10
#: Payments that the amount is ranked among.
RANKED = 100

_HOURS = [f"{hour:02d}" for hour in range(24)]

_feature = partial(Feature, family="behaviour", window=PAST)
_float = partial(_feature, dtype=pl.Float32)
_keyed = partial(_float, cost="keyed")
_drawn = partial(_keyed, table_age=MONTH_BEFORE)
_DRAWN = "drawn towards the population's by the weight of"

# fmt: off
FEATURES = (
    _float("amount_z_c", "deviations", "Log amount against mean and standard deviation (at least 0.1) of the "
           f"customer's payments; null with fewer than {ENOUGH}"),
    _float("amount_over_c_mean_30d", "ratio", "Amount over the mean of the customer's payments; null without one",
           window="30d"),
    _float("amount_over_c_max", "ratio", "Amount over the largest of the customer's payments; null without one"),
    _drawn("amount_z_c_category", "deviations", "Log amount against mean and standard deviation (at least 0.1) of the "
           f"customer's payments in the category, {_DRAWN} {AMOUNT_PRIOR} payments"),
    _keyed("amount_rank_c", "0 to 1", f"Share of the customer's last {RANKED} payments that are smaller, equal "
           "ones counting half; null without one"),
    _float("count_24h_over_30d", "ratio", "The customer's attempts of 24h over the daily mean of 30d; null without one",
           window="30d"),
    _drawn("hour_rarity_c", "-ln(share)", "Rarity of the local hour among the customer's payments, the share "
           f"{_DRAWN} {SHARE_PRIOR} payments"),
    _drawn("category_rarity_c", "-ln(share)", "Rarity of the category among the customer's payments, the share "
           f"{_DRAWN} {SHARE_PRIOR} payments"),
    _drawn("channel_rarity_c", "-ln(share)", "Rarity of the channel among the customer's payments, the share "
           f"{_DRAWN} {SHARE_PRIOR} payments"),
    _keyed("category_entropy_c_30d", "nats", "Entropy of the categories of the customer's payments; null without one",
           window="30d"),
    _keyed("merchant_repeat_share_c", "0 to 1", "Share of the customer's payments to merchants that went to one "
           "already paid in the window; null without one"),
    _feature("is_new_merchant_c", "0 or 1", "The customer has not paid this merchant; null where the recipient is none",
             dtype=pl.Int8, cost="keyed"),
    _float("days_dormant", "days", "Days since the customer's last payment; 84 where a full 84 days passed without "
           "one, null where history or tenure is shorter"),
    _feature("tenure_days", "days", "Local days since the customer joined; null where the customer is not on file or "
             "joined later", dtype=pl.Int32, key="row", window="", cost="row"),
    _float("refund_share_c_30d", "ratio", "Refunds and reversals received per payment made; null without a payment",
           window="30d"),
    _feature("known_reports_c", "reports", "Fraud reports on the customer's transactions that the bank has had for 7 "
             "days", dtype=pl.Int32, window="77d", delay="7d"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, context, columns = inputs.block, inputs.context, inputs.columns
    spending, at = block.spending, block.at
    count_30d = spending.count("30d")
    largest = spending.largest("cents", PAST)
    shops = spending.where("has_merchant")
    visits = shops.count(PAST)
    in_category = spending.alike("category")
    in_hour, over_channel = spending.alike("local_hour").count(PAST), spending.own("channel", len(CHANNELS), PAST)
    return {
        "amount_z_c": _amount_z(block),
        "amount_over_c_mean_30d": ratio(at.cents * count_30d, spending.sum("cents", "30d")),
        "amount_over_c_max": missing_where(largest < 0, at.cents / larger(largest, 1)),
        "amount_z_c_category": _amount_z_category(block, context, in_category),
        "amount_rank_c": spending.rank("cents", PAST, RANKED),
        "count_24h_over_30d": ratio(30 * columns["c_count_24h"], columns["c_count_30d"]),
        "hour_rarity_c": _rarity(block, in_hour, context.shares("hour", _HOURS, at.local_hour)),
        "category_rarity_c": _rarity(
            block, in_category.count(PAST), context.shares("category", block.categories, at.category)
        ),
        "channel_rarity_c": _rarity(block, over_channel, context.shares("channel", CHANNELS, at.channel)),
        "category_entropy_c_30d": entropy(count_30d, spending.summed_counts("category", n_ln_n, "30d")),
        "merchant_repeat_share_c": ratio(visits - shops.distinct("merchant", PAST), visits),
        "is_new_merchant_c": missing_where(at.merchant < 0, shops.alike("merchant").is_none(PAST)),
        "days_dormant": _days_dormant(block, context),
        "tenure_days": _tenure(block),
        "refund_share_c_30d": ratio(block.events.where("returned").count("30d"), count_30d),
        "known_reports_c": Events.of(block.reports.timeline, at, delay="7d").count("77d"),
    }


def _amount_z(block: Block) -> F64:
    spending = block.spending
    n = spending.count(PAST)
    mean = ratio(spending.sum("log_amount", PAST), n)
    variance = ratio(spending.sum("log_square", PAST), n) - mean * mean
    return missing_where(n < ENOUGH, deviations(block.at.log_amount, mean, variance))


def _amount_z_category(block: Block, context: Context, alike: Alike) -> F64:
    means, stds = context.log_amounts("category", block.categories, block.at.category)
    prior_mean, prior_std = means * LOG_SCALE, stds * LOG_SCALE
    n = alike.count(PAST) + AMOUNT_PRIOR
    mean = (alike.sum("log_amount", PAST) + AMOUNT_PRIOR * prior_mean) / n
    square = (alike.sum("log_square", PAST) + AMOUNT_PRIOR * (prior_std * prior_std + prior_mean * prior_mean)) / n
    return deviations(block.at.log_amount, mean, square - mean * mean)


def _rarity(block: Block, own: I64, share: F64) -> F64:
    """-ln of the customer's share of the target's code, drawn towards the population's share of that code."""
    n = block.spending.count(PAST)
    return -np.log((own + SHARE_PRIOR * share) / (n + SHARE_PRIOR))


def _days_dormant(block: Block, context: Context) -> F64:
    time, last = block.at.time, block.spending.latest("time", PAST)
    tenure = _tenure(block)
    whole = (context.history_days(time) >= 84) & opposite(tenure < 84)  # not on file: history alone decides
    return either(last >= 0, (time - last) / micros("1d"), either(whole, constant(time, 84), np.nan))


def _tenure(block: Block) -> F64:
    registered = block.people.registered[block.at.group]
    on_file = registered != NO_DAY
    days = block.at.local_day - either(on_file, registered, 0)
    return missing_where(opposite(on_file) | (days < 0), days)


FAMILY = Family("behaviour", FEATURES, compute)
