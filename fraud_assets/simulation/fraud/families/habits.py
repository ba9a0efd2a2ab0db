"""What the victims themselves would do: fraud that imitates them, and the honest payments that fraud starts from."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from fraud_assets.simulation import recipients
from fraud_assets.simulation.amounts import amounts, price_points
from fraud_assets.simulation.fraud.families.cast import Cast, month_index
from fraud_assets.simulation.intents import APPROVED, NONE, Intents
from fraud_assets.simulation.streams import F64, I64, Bools


def own_category(cast: Cast, allowed: Bools, u: F64) -> I64:
    """Categories among the allowed ones, by the victims' own liking for them and for their methods of payment."""
    bank = cast.bank
    choice = bank.some(allowed, "a kind of purchase that customers make")
    person, place = np.unique(cast.who, return_inverse=True)
    liking = bank.traits.method_weights[person][:, bank.method[choice]]
    weight = np.cumsum(liking * bank.traits.category_weights[person][:, choice] + 1e-9, axis=1)[place]
    return choice[(weight <= (u * weight[:, -1])[:, None]).sum(axis=1).clip(0, len(choice) - 1)]


def own_shop(cast: Cast, event_us: I64, category: I64, place: I64) -> I64:
    """Merchants of the victims' own repertoire; now and then, as often as with them, one that is new to them."""
    bank = cast.bank
    city = np.where(bank.at_counter[category], place, len(bank.scenario.cities))
    new = cast.u("new") >= recipients.known_share(bank)[cast.who, category]
    slot, fresh = cast.u("slot"), cast.u("fresh")
    return recipients.merchants(bank, month_index(event_us), cast.who, category, city, new, slot, fresh)


def own_cents(cast: Cast, category: I64, low: float | F64 = 0.02, high: float | F64 = 0.98) -> I64:
    """Amounts between two quantiles of what the victims themselves pay in the categories."""
    z = ndtri(low + (high - low) * cast.u("quantile"))
    # Far from where big tickets begin: they would stand out more than anything.
    return amounts(cast.bank, cast.who, category, z, 0.3 + 0.69 * cast.u("price"))


def dear_cents(cast: Cast, category: I64, factor: F64, spread: float = 1.2) -> I64:
    """Amounts about the categories' means times the factor, by what the victims can afford, below the normal maximum.

    ``spread`` is that of the logarithm. The skilled stay within the upper half of what the victims pay themselves.
    """
    bank = cast.bank
    mean = np.array([k.mean for k in bank.scenario.categories])[category] * bank.traits.amount_factor[cast.who]
    value = mean * factor * np.exp(spread * (cast.u("amount") - 0.5))
    ceiling, fold = bank.till_maximum[category], cast.u("fold")
    bold = price_points(bank, category, np.where(value > ceiling, ceiling * (0.5 + 0.45 * fold), value), fold)
    return np.where(cast.skill == 2, own_cents(cast, category, 0.5, 0.95), bold)


def blameless(rows: Intents) -> Intents:
    """The rows as honest ones: of no campaign, approved, with nothing about them."""
    nothing = np.full(len(rows), NONE)
    return rows.but(campaign=nothing, anomaly=nothing, reason=nothing, status=np.full(len(rows), APPROVED))
