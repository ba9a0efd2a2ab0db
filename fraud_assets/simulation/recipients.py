"""To whom: a customer's repertoire of merchants and contacts, and now and then somebody new."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.intents import FROM_SENDER, TO_OWN, TO_PERSON, Bank
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.streams import F64, I64, UNIT, Bools, finer, hashed_uniforms, keyed
from fraud_assets.simulation.traits import places

#: Contacts of one customer [P].
_CONTACTS = 15
#: Months after which a place in the repertoire goes to another merchant or contact [P].
_MERCHANT_LIFE, _CONTACT_LIFE = 18, 30
#: Share of contacts who bank here too, in the same unit of customers [P].
_PEERS = 0.4
#: Share of the log-variance of payments to known contacts that is the contact's own: a flatmate gets more than a
#: colleague who fetches the coffee [P].
_CLOSENESS = 0.5
#: Lowest draw of a usual payment: the low ones are once-in-a-life purchases, which nobody makes every month.
_NO_CAR = 0.2


def handle(scenario: Scenario, index: I64) -> I64:
    """The ten-digit account number under which customer ``index`` receives money."""
    return _number(keyed(scenario.seed, "handle", index))


def own_account(bank: Bank, who: I64) -> I64:
    """The ten-digit number of the customer's own account at another bank or broker."""
    return _number(keyed(bank.scenario.seed, "own.account", bank.traits.index[who]))


def cities(bank: Bank, who: I64, number: I64) -> I64 | None:
    """Cities whose names people have: a customer's own, anybody else's that of who pays them; None if they are alike.

    Parameters
    ----------
    who, number
        Position of the customer who pays or is paid, and the account number of who is on the other side; shape (n,).
    """
    if not bank.scenario.name_regions:
        return None
    known, city = bank.kept(_neighbours)
    key = _in_unit(bank.traits.unit[who], number)
    place = np.minimum(np.searchsorted(known, key), len(known) - 1)
    return np.where(known[place] == key, city[place], bank.traits.city[who])


def _neighbours(bank: Bank) -> tuple[I64, I64]:
    """Numbers of the customers of each unit, ascending, and where they live; contacts are of the payer's unit."""
    index, city = places(bank.scenario, bank.units)
    key = _in_unit(index // UNIT, handle(bank.scenario, index))
    order = np.argsort(key)
    return key[order], city[order]


def _in_unit(unit: I64, number: I64) -> I64:
    return (unit << np.int64(34)) | number  # a number has ten digits, which are 34 bits


def acquaintance(bank: Bank, role: str, who: I64) -> I64:
    """The ten-digit number of the one person who plays a role for the customer: the landlord, whoever sends money."""
    return _number(keyed(bank.scenario.seed, f"acquaintance.{role}", bank.traits.index[who]))


def known_share(bank: Bank) -> F64:
    """Probability that a payment goes to somebody already known, shape (customers, categories).

    A customer's loyalty for merchants; people repeat contacts more than shops, with half of the strangers; the own
    account is always known.
    """
    loyal = bank.traits.known_share[:, None]
    share = np.where(is_person(bank), 0.5 + 0.5 * loyal, loyal)
    return np.where(bank.recipient == TO_OWN, 1.0, share)


def merchants(bank: Bank, month: I64, who: I64, category: I64, city: I64, new: Bools, slot: F64, fresh: F64) -> I64:
    """Positions of the merchants paid, shape (n,).

    Parameters
    ----------
    month
        ``Month.index`` of each row.
    city
        Index of the city; the number of cities for online merchants and billers.
    new
        Whether it is none of the customer's repertoire.
    slot, fresh
        Uniform draws: which one of the repertoire, and who it is otherwise.
    """
    known = np.flatnonzero(~new)
    place = _zipf(slot[known], bank.scenario.activity.repertoire)
    index, kind = bank.traits.index[who[known]], category[known]
    epoch = (month[known] + index * 7 + kind * 13 + place * 29) // _MERCHANT_LIFE
    # Numbers of months stay far below 2**16, so one hash has room for all of it.
    key = (((index * 1024 + kind) * 16 + place) << np.int64(16)) | epoch
    which = fresh.copy()
    which[known] = hashed_uniforms(bank.scenario.seed, "repertoire", key)
    return pick(bank.directory, category, city, which)


def contact(bank: Bank, month: int | I64, who: I64, slot: I64) -> I64:
    """Account numbers of the customers' contacts in the given places, shape (n,)."""
    index = bank.traits.index[who]
    key = keyed(bank.scenario.seed, "contact", *_contact(month, index, slot))
    unit = index // UNIT
    peer = unit * UNIT + (key % np.uint64(UNIT)).astype(np.int64)
    peer = np.where(peer == index, unit * UNIT + (peer + 1) % UNIT, peer)
    inside = (key >> np.uint64(40)).astype(np.float64) * 2.0**-24 < _PEERS
    return np.where(inside, handle(bank.scenario, peer), _number(key))


def is_person(bank: Bank) -> Bools:
    """Whether the other end of each category is a person."""
    return (bank.recipient == TO_PERSON) | (bank.recipient == FROM_SENDER)


def with_contacts_amounts(bank: Bank, month: I64, who: I64, slot: F64, z: F64, u: F64) -> tuple[F64, F64]:
    """The draws of amounts (see ``amounts.py``) of payments to known contacts: some contacts get more than others.

    A share ``usual_payment_share`` is of what is usual between the two: a rent, an allowance, half of a bill. Over all
    contacts ``z`` stays standard normal; ``u`` of usual sums is never so low that a car is bought. Parameters as for
    :func:`merchants`; all of shape (n,).
    """
    theirs = _contact(month, bank.traits.index[who], _zipf(slot, _CONTACTS))
    own = hashed_uniforms(bank.scenario.seed, "contact.amount", *theirs)
    close = ndtri(np.clip(own, 1e-6, 1 - 1e-6))
    usual = finer(u, 512) < bank.scenario.activity.usual_payment_share
    return (
        np.where(usual, close, np.sqrt(_CLOSENESS) * close + np.sqrt(1 - _CLOSENESS) * z),
        np.where(usual, _NO_CAR + (1 - _NO_CAR) * finer(own), u),
    )


def _contact(month: int | I64, index: I64, place: I64) -> tuple[I64, I64]:
    """What tells a customer's contact in a place from all others: the place, and since when it is theirs."""
    return index * 64 + place, (month + index * 11 + place * 17) // _CONTACT_LIFE


def payees(bank: Bank, month: I64, who: I64, new: Bools, slot: F64, fresh: F64) -> I64:
    """Account numbers of the persons paid, shape (n,); parameters as for :func:`merchants`."""
    number = contact(bank, month, who, _zipf(slot, _CONTACTS))
    stranger = 1_000_000_000 + (fresh[new] * 9_000_000_000).astype(np.int64)
    # A new payee whose number is one digit from a known one is rare but honest; it must exist. No finger slipped: the
    # digit may be any.
    twin = slot[new] < bank.scenario.accidents.near_twin_payee
    stranger[twin] = _another_digit(number[new][twin], fresh[new][twin])
    number[new] = stranger
    return number


def _another_digit(number: I64, u: F64) -> I64:
    """The account numbers with one digit (not the first) replaced by any other; shape kept."""
    position, step = np.divmod((u * 81).astype(np.int64), 9)
    scale = 10**position
    digit = number // scale % 10
    return number + ((digit + 1 + step) % 10 - digit) * scale


def one_digit_off(number: I64, u: F64) -> I64:
    """The account numbers with one digit (not the first) replaced by a neighbour on the keypad; shape kept."""
    position = 1 + (u * 9).astype(np.int64)
    scale = 10 ** (9 - position)
    digit = number // scale % 10
    choice = ((u * 9) % 1.0 * 8).astype(np.int64)
    neighbours = _KEYPAD[digit, choice % _KEYPAD.shape[1]]
    return number + (neighbours - digit) * scale


#: Digits beside each digit on a telephone keypad, four a digit (repeated where there are fewer).
_KEYPAD = np.array(
    [
        [8, 7, 9, 8],
        [2, 4, 2, 4],
        [1, 3, 5, 5],
        [2, 6, 2, 6],
        [1, 5, 7, 7],
        [2, 4, 6, 8],
        [3, 5, 9, 9],
        [4, 8, 0, 8],
        [5, 7, 9, 0],
        [6, 8, 0, 8],
    ]
)


def _number(key: np.ndarray) -> I64:
    return 1_000_000_000 + (key % np.uint64(9_000_000_000)).astype(np.int64)


def _zipf(u: F64, n: int) -> I64:
    """Places 0..n-1 with probabilities about 1/rank: the floor of a log-uniform draw."""
    return np.minimum(np.exp(np.log(n + 1.0) * u).astype(np.int64) - 1, n - 1)
