"""What the mechanisms on wallets share: where their money comes from, whose wallets they use, who holds the device."""

from __future__ import annotations

import numpy as np

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.accounts import least_active, newest
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families.base import Sessions
from fraud_assets.simulation.fraud.families.cast import FOREIGN_NET, Cast, to_ms
from fraud_assets.simulation.fraud.families.own import hands, logged_in
from fraud_assets.simulation.intents import DAY, NONE, TO_PAYOUT, Bank, Column
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed

#: Wallets of which the quietest counts as dormant [P].
_LOOKS = 6
#: Addresses from which an actor's money comes at a time, and months after which they are given up [P].
_SOURCES, _SOURCE_MONTHS = 3, 4


def unlike_others(scenario: Scenario, plan: Plan, campaign: I64, nth: I64, anybody: I64, dormant: F64) -> I64:
    """Wallets for the campaigns: the newest, the quietest (a share ``dormant``), else those given."""
    seed, campaign_id = scenario.seed, plan.campaign_id[campaign]
    kind = hashed_uniforms(seed, "wallet.kind", campaign_id, nth)
    u = hashed_uniforms(seed, "wallet.which", campaign_id, nth)
    new = plan.values["new"][campaign]
    some = keyed(seed, "wallet.dormant", campaign_id[:, None], nth[:, None], np.arange(_LOOKS))
    quiet = least_active(scenario, (some % np.uint64(scenario.population.customers)).astype(np.int64))
    young = newest(scenario, plan.starts_us[campaign] // DAY, u)
    return np.select([kind < new, kind < new + dormant], [young, quiet], anybody)


def source(cast: Cast, nth: I64, tainted: Bools) -> I64:
    """Number of the ``nth`` address from which a campaign is fed: one that the actor uses again, or a fresh one."""
    seed, month = cast.seed, cast.plan.month.index
    old = keyed(seed, "wallet.source", cast.actor, nth % _SOURCES, np.full(len(cast), month // _SOURCE_MONTHS))
    fresh = keyed(seed, "wallet.fresh", cast.campaign_id, nth)
    return 1_000_000_000 + (np.where(tainted, old, fresh) % np.uint64(9_000_000_000)).astype(np.int64)


def controlled(cast: Cast) -> Bools:
    """Whether the actor holds the wallet, row by row; in the others people do as they are told."""
    return cast.of_account("controlled") < cast.value("controlled")


def worked(cast: Cast, event_us: I64, category: I64, cents: I64, foreign: Bools) -> tuple[dict[str, Column], I64]:
    """Columns of payments by the actor's device or by the holder's own, and the places they come from."""
    columns = hands(cast, event_us, category, cents)
    columns["device"] = np.where(foreign, actors_device(cast), columns["device"])
    columns["net"] = np.where(foreign, FOREIGN_NET, columns["net"])
    return columns, np.where(foreign, cast.foreign_place(), cast.home())


def actors_device(cast: Cast) -> I64:
    """One of the actor's devices for each wallet."""
    return cast.actors_device((cast.of_account("device") * actors.DEVICES).astype(np.int64))


def sessions(cast: Cast, event_us: I64, rows: Bools) -> Sessions:
    """The actor's logins before the chosen payments."""
    before = event_us - to_ms(0.01 + 0.8 * cast.u("login") ** 2)
    return logged_in(cast, np.flatnonzero(rows), before, actors_device(cast), cast.foreign_place())


def desks(bank: Bank, category: I64, u: F64) -> I64:
    """Businesses by way of which it is paid out, by popularity; ``NONE`` for other categories."""
    payout = bank.recipient[category] == TO_PAYOUT
    some = np.where(payout, category, bank.some(bank.recipient == TO_PAYOUT, "a payout")[0])
    nowhere = np.full(len(category), len(bank.scenario.cities))
    return np.where(payout, pick(bank.directory, some, nowhere, u), NONE)
