"""Who plays in which row: the draws and the ledger form that all families share."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.clocks import offset_at
from fraud_assets.simulation.devices import device as own_device
from fraud_assets.simulation.devices import owns
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan, Victims
from fraud_assets.simulation.instruments import cards, out_of_home
from fraud_assets.simulation.intents import (
    APPROVED,
    BEHAVIOURAL,
    CARD_PRESENT,
    DECLINED,
    DO_NOT_HONOR,
    HOME_NET,
    INSUFFICIENT_FUNDS,
    LIMIT_EXCEEDED,
    MINUTE,
    MOBILE_NET,
    NONE,
    SUSPECTED_FRAUD,
    TECHNICAL,
    Bank,
    Column,
    Intents,
    expand,
    kinds,
)
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.network import OF_DEVICE
from fraud_assets.simulation.prices import fitting
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

#: Why fraud's payments fail where nothing else is said [P].
REASONS = np.array([INSUFFICIENT_FUNDS, LIMIT_EXCEEDED, DO_NOT_HONOR, SUSPECTED_FRAUD, TECHNICAL])
REASON_SHARES = np.cumsum([0.40, 0.20, 0.17, 0.18])


class Cast:
    """The rows of a plan's campaigns on some accounts: whose they are, and draws by row, by account and by campaign.

    Parameters
    ----------
    bank, plan, victims
        The customers, the campaigns and the accounts.
    counts
        Rows of each of the victims, shape (len(victims),).
    salt
        Name of the streams: no two casts of a family may share it.

    Attributes
    ----------
    victim, nth
        Position in ``victims`` and place among that victim's rows; shape (rows,), as all others.
    campaign, campaign_id, actor, skill
        Position in the plan, id, who runs it and how well.
    index, who
        Number of the customer, and position in ``bank.traits``.
    number
        The row's transaction id.
    """

    def __init__(self, bank: Bank, plan: Plan, victims: Victims, counts: I64, salt: str) -> None:
        self.bank, self.plan, self._salt = bank, plan, salt
        self.seed = bank.scenario.seed
        self.victim, self.nth = expand(counts)
        self.campaign = victims.campaign[self.victim]
        self.campaign_id = plan.campaign_id[self.campaign]
        self.actor, self.skill = plan.actor[self.campaign], plan.skill[self.campaign]
        self.index = victims.index[self.victim]
        self.who = self.index - first_index(bank)
        self.number = ids(self.seed, f"fraud.{salt}", self.campaign_id, self.index, self.nth)

    def __len__(self) -> int:
        return len(self.number)

    def u(self, name: str) -> F64:
        """Uniform draws, one a row."""
        return hashed_uniforms(self.seed, f"{self._salt}.{name}", self.number)

    def of_account(self, name: str, *parts: I64) -> F64:
        """Uniform draws, one a campaign and account (and further parts), row by row."""
        return hashed_uniforms(self.seed, f"{self._salt}.{name}", self.campaign_id, self.index, *parts)

    def of_campaign(self, name: str, *parts: I64) -> F64:
        """Uniform draws, one a campaign (and further parts), row by row."""
        return hashed_uniforms(self.seed, f"{self._salt}.{name}", self.campaign_id, *parts)

    def value(self, parameter: str) -> F64:
        """The campaign's parameter, row by row."""
        return self.plan.values[parameter][self.campaign]

    def hour(self, event_us: I64) -> I64:
        """Local hour at the victim's home."""
        return local_hour(self.bank, self.who, event_us)

    def foreign_place(self, number: I64 | None = None) -> I64:
        """City in which the actor is, or its address is; see :func:`actors.place`."""
        number = self.number if number is None else number
        return actors.place(self.bank, self.actor, self.campaign_id, self.skill, self.who, number)

    def home(self) -> I64:
        """The victim's own city."""
        return self.bank.traits.city[self.who]

    def actors_device(self, nth: I64) -> I64:
        """Device ``nth`` of the actor in the plan's month."""
        return actors.device(self.bank.scenario, self.actor, nth, self.plan.month.index)

    def drop(self, u: F64) -> I64:
        """An address at which the actor receives goods."""
        nth = (u * 64).astype(np.int64)
        return actors.drop(self.bank.scenario, self.actor, nth, self.plan.month.index)

    def own_device(self, event_us: I64) -> I64:
        """The customer's own phone, or the laptop of somebody without one."""
        slot = np.where(owns(self.bank.scenario, self.bank.traits)[self.who, 0], 0, 1)
        return own_device(self.bank.scenario, self.bank.traits, self.who, slot, event_us)

    def own_net(self) -> I64:
        """Networks of people on their own phones: at home or on the way."""
        return np.where(self.u("net") < self.bank.scenario.devices.mobile_share, MOBILE_NET, HOME_NET)

    def foreign_net(self) -> I64:
        """Networks of the actor's device: the same kind throughout a campaign's work on an account."""
        u = hashed_uniforms(self.seed, "actor.net", self.campaign_id, self.index)
        mobile = _CARRIED * self.bank.scenario.devices.mobile_share
        return OF_DEVICE + np.searchsorted(np.cumsum([_LINE_OR_CARRIER - mobile, mobile, _HIDDEN]), u)

    def shop(self, category: I64, place: I64, u: F64) -> I64:
        """Merchants of the categories: at the place where there are counters, else online; by popularity."""
        counter = self.bank.at_counter[category]
        return pick(self.bank.directory, category, np.where(counter, place, len(self.bank.scenario.cities)), u)

    def settled(self, declined: Bools, reasons: I64 = REASONS, shares: F64 = REASON_SHARES) -> dict[str, Column]:
        """Columns ``status`` and ``reason``."""
        reason = reasons[np.searchsorted(shares, self.u("reason"))]
        return {"status": np.where(declined, DECLINED, APPROVED), "reason": np.where(declined, reason, NONE)}

    def intents(
        self, event_us: I64, category: I64, cents: I64, place: I64, fixed: Column | int = False, **columns: Column | int
    ) -> Intents:
        """The rows in the ledger's own form; what is not given follows from the category.

        ``merchant`` or ``payee`` says who is paid; where a merchant has no such prices, another one of the kind is,
        unless the merchants are ``fixed``. At a terminal there is neither device nor network, whatever
        is given; elsewhere they are by default the customer's own.
        """
        bank = self.bank
        if isinstance(merchant := columns.get("merchant"), np.ndarray) and fixed is False:
            columns["merchant"] = fitting(bank, self.who, merchant, cents)
        terminal = bank.channel[category] == CARD_PRESENT
        device = columns.pop("device", None)
        net = columns.pop("net", None)
        device = self.own_device(event_us) if device is None else device
        net = self.own_net() if net is None else net
        net = np.where(net == FOREIGN_NET, self.foreign_net(), net)
        net = out_of_home(bank, category, net)
        defaults: dict[str, Column | int] = {
            "kind": kinds(bank)[category],
            "card": cards(bank, month_index(event_us), self.who, bank.channel[category]),
            "anomaly": BEHAVIOURAL,
        }
        return Intents.make(
            len(self),
            **(defaults | columns),
            transaction_id=self.number,
            who=self.who,
            event_us=event_us,
            offset=offset_at(bank.scenario, place, event_us),
            category=category,
            place=place,
            cents=cents,
            device=np.where(terminal, NONE, device),
            net=np.where(terminal, NONE, net),
            campaign=self.campaign,
        )


#: How far fraud follows the crowd: 0 = no kind of shop sees more of it for being popular, 1 = as customers do [P].
_CROWD = 0.6
#: Network of an actor's device, whatever it is at the time.
FOREIGN_NET = OF_DEVICE
#: A stranger's connections: a home or a carrier, a service that hides, else a hotspot; and how often it is a carrier,
#: relative to honest phones [P].
_LINE_OR_CARRIER, _HIDDEN, _CARRIED = 0.84, 0.09, 0.76


def first_index(bank: Bank) -> int:
    """Number of the first customer of the bank's units."""
    return int(bank.traits.index[0]) if len(bank.traits.index) else 0


def local_hour(bank: Bank, who: I64, event_us: I64) -> I64:
    """Local hour of the day at the customers' homes."""
    offset = offset_at(bank.scenario, bank.traits.city[who], event_us)
    return (event_us + offset * MINUTE) // (60 * MINUTE) % 24


def month_index(event_us: I64) -> I64:
    """``Month.index`` of instants (UTC)."""
    return event_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def appeal(bank: Bank, power: float) -> F64:
    """How fraud is drawn to each category: to where many people pay, and to high medians the more ``power`` is.

    Thieves go where the shops are, and hide among those who pay there; but less so than customers do.
    """
    return np.asarray(np.maximum(bank.popularity, 1e-6) ** _CROWD * bank.median**power)


def by_appeal(bank: Bank, allowed: Bools, power: float, u: F64) -> I64:
    """Categories among the allowed ones, by their appeal at that power."""
    choice = bank.some(allowed, "a kind of payment to choose among")
    weight = np.cumsum(appeal(bank, power)[choice])
    return choice[np.searchsorted(weight / weight[-1], u, side="right").clip(0, len(choice) - 1)]


def to_ms(hours: F64) -> I64:
    """Hours as microseconds, to the millisecond."""
    return np.rint(np.asarray(hours) * 3_600_000).astype(np.int64) * 1000
