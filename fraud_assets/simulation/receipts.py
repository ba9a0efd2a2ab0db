"""Receipts: money that persons send to customers: a share of the rent, a debt among friends, what was sold.

A closed form of customer and month. Without honest receipts every account that money passes through would stand out.
"""

from __future__ import annotations

import numpy as np

from fraud_assets.months import Month
from fraud_assets.simulation.amounts import price_points, within_income
from fraud_assets.simulation.clocks import microseconds
from fraud_assets.simulation.hours import at_usual_hours
from fraud_assets.simulation.intents import DAY, TO_PERSON, Bank, Intents
from fraud_assets.simulation.scenes import Scene, ways_to_send
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms

#: Share of receipts from somebody who is a contact of the customer's; of small sellers' receipts [P].
_FROM_CONTACTS, _FROM_BUYERS_KNOWN = 0.75, 0.10
#: Spread of the logarithm of a seller's level of prices [P].
_LEVEL = 0.8
#: Where sums lie that would be more than the method carries, as parts of that, and months of the customer's income that
#: nobody sends more than [P].
_FOLDED, _MOST_MONTHS = (0.2, 0.95), 1.5


def receipts(bank: Bank, month: Month) -> Intents:
    """What customers receive from persons in the month, and on the days beside it that may lie in it by UTC."""
    settings = bank.scenario.receipts
    if settings is None or not (bank.recipient == TO_PERSON).any():
        return Intents.make(0)
    people = np.arange(len(bank.traits.index))
    start, end = microseconds(month.start), microseconds(month.end)
    index = bank.traits.index
    sells = hashed_uniforms(bank.scenario.seed, "receipts.seller", index) < settings.sellers
    mean = np.where(sells, settings.sellers_a_month, settings.a_month)
    months = np.repeat([(month - 1).index, month.index, (month + 1).index], len(people))
    who = np.tile(people, 3)
    # Geometric: months without any are common, and so are months with many.
    u = hashed_uniforms(bank.scenario.seed, "receipts.count", index[who], months)
    count = np.floor(np.log1p(-u) / np.log(mean / (1 + mean))[who]).astype(np.int64)
    scene = Scene(bank, "receipts", who, months, count)

    first = np.array([microseconds((month + k).start) for k in (-1, 0, 1, 2)])
    nth = scene.month - (month.index - 1)
    event_us = first[nth] + ((first[nth + 1] - first[nth]) * scene.u("day")).astype(np.int64)
    near = (event_us >= start - DAY) & (event_us < end + DAY)  # an hour of the day may lie in another month
    near &= bank.traits.registered_day[scene.who] * DAY < event_us - DAY
    scene, event_us = scene.take(near), event_us[near]

    category = ways_to_send(bank, scene.who, scene.u("way"))
    event_us = at_usual_hours(bank, scene.who, category, event_us, scene.u("hour"))
    seller = sells[scene.who]
    sender = scene.person("sender", np.where(seller, _FROM_BUYERS_KNOWN, _FROM_CONTACTS), scene.nth)
    return scene.received(event_us, category, _cents(scene, category, seller), sender)


def _cents(scene: Scene, category: I64, seller: np.ndarray) -> I64:
    """Sums as people send them, half a spread wider; sellers have a level of their own."""
    kinds = scene.bank.scenario.categories
    median = scene.bank.median
    sigma = 1.5 * np.sqrt(2 * np.log(np.array([c.mean for c in kinds]) / median))
    # The logistic distribution, scaled to a unit variance: a little more often far out than a normal one.
    u = np.clip(scene.u("amount"), 1e-6, 1 - 1e-6)
    z = np.log(u / (1 - u)) * (np.sqrt(3) / np.pi)
    level = hashed_uniforms(scene.seed, "receipts.level", scene.bank.traits.index[scene.who]) * 4 - 1
    value = median[category] * np.exp(sigma[category] * z + np.where(seller, _LEVEL * level, 0.0))
    value = within_income(scene.bank, scene.who, value)  # families send as much as they have
    u = scene.u("price")
    return price_points(scene.bank, category, bounded(scene.bank, scene.who, category, value, u), u)


def bounded(bank: Bank, who: I64, category: I64, value: F64, u: F64) -> F64:
    """What persons send, major units, within what the method carries.

    Parameters
    ----------
    who, category, value, u
        Who receives it, way to send, sum and a uniform draw of each row, shape (n,).
    """
    if bank.scenario.receipts is None or not bank.scenario.receipts.folded:
        return np.minimum(value, bank.normal_maximum[category])
    most = np.minimum(bank.most[category], _MOST_MONTHS / 12 * bank.traits.annual_income[who])
    # Spread over a wide stretch: just below what a network carries there must be no more than elsewhere.
    return np.where(value > most, most * (_FOLDED[0] + (_FOLDED[1] - _FOLDED[0]) * u), value)
