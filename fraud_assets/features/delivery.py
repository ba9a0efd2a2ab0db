"""Family delivery: where goods bought online are sent to, and how fast.

Null where nothing is sent. Who else had goods sent to an address is known up to the end of the day before.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from fraud_assets.features.arrays import larger, missing_where
from fraud_assets.features.feature import Columns, Family, Feature, Inputs
from fraud_assets.features.history import PAST

_flag = partial(Feature, family="delivery", dtype=pl.Int8)

# fmt: off
FEATURES = (
    _flag("is_express_delivery", "0 or 1", "The goods are to arrive fast", key="row", cost="row"),
    _flag("is_delivery_elsewhere", "0 or 1", "The address is not the customer's own; null where that is not on file",
          key="row", cost="row"),
    _flag("is_new_delivery_address_c", "0 or 1", "The address is neither the customer's own nor one to which goods of "
          "the customer's payments have gone", window=PAST, cost="keyed"),
    Feature("a_distinct_customers_30d", "customers", "Customers who tried to have goods sent to the address in the 30d "
            "before the day (UTC), at least 1", "delivery", pl.Int32, key="address", window="30d", delay="1d",
            cost="keyed"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, at = inputs.block, inputs.block.at
    nothing, home = at.address < 0, block.people.home_address[at.group]
    is_elsewhere = at.address != home
    is_unknown = block.spending.where("has_address").alike("address").is_none(PAST)
    customers = larger(block.looked_up("address_customers_30d", unlisted=1), 1)
    return {
        "is_express_delivery": missing_where(at.express < 0, at.express),
        "is_delivery_elsewhere": missing_where(nothing | (home < 0), is_elsewhere),
        "is_new_delivery_address_c": missing_where(nothing, is_elsewhere & is_unknown),
        "a_distinct_customers_30d": missing_where(nothing, customers),
    }


FAMILY = Family("delivery", FEATURES, compute)
