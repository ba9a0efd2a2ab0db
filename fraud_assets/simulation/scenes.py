"""Scenes: honest rows beside the everyday spending, drawn row by row from keys.

What lives here: the form that receipts and episodes share. A scene is a part that some customers play in some months;
each of its rows has a number, and everything about the row follows from it.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from fraud_assets.simulation.clocks import offset_at
from fraud_assets.simulation.instruments import cards, devices_used
from fraud_assets.simulation.intents import DAY, INCOME, TO_PERSON, Bank, Column, Intents, expand, kinds
from fraud_assets.simulation.merchants import pick
from fraud_assets.simulation.outcomes import outcomes
from fraud_assets.simulation.prices import fitting
from fraud_assets.simulation.recipients import contact
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, ids

#: Places of a customer's closest contacts; those who send money and those who are paid large sums are among them [P].
_CLOSE = 9


class Scene:
    """Rows of some parts that customers play.

    Parameters
    ----------
    salt
        Name of the scene's streams.
    who, month
        Customer (position in ``bank.traits``) and ``Month.index`` of each part.
    counts
        Rows of each part.

    Attributes
    ----------
    part, nth, count
        Position of the row's part, place among its rows and their number; shape (rows,), as all others.
    number
        The row's transaction id.
    """

    def __init__(self, bank: Bank, salt: str, who: I64, month: I64, counts: I64) -> None:
        self.bank, self._salt, self.seed = bank, salt, bank.scenario.seed
        self.part, self.nth = expand(counts)
        self.count = counts[self.part]
        self.who, self.month = who[self.part], month[self.part]
        self._key = (bank.traits.index[self.who] << np.int64(20)) | self.month
        self.number = ids(self.seed, salt, self._key, self.nth)

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: Bools) -> Scene:
        """The chosen rows; each keeps its place and its number."""
        chosen = copy(self)
        for name in ("part", "nth", "count", "who", "month", "_key", "number"):
            setattr(chosen, name, getattr(self, name)[rows])
        return chosen

    def u(self, name: str) -> F64:
        """Uniform draws, one a row."""
        return hashed_uniforms(self.seed, f"{self._salt}.{name}", self.number)

    def of_part(self, name: str, *parts: I64) -> F64:
        """Uniform draws, one a part (and further parts), row by row."""
        return hashed_uniforms(self.seed, f"{self._salt}.{name}", self._key, *parts)

    def between(self, name: str, bounds: tuple[float, float]) -> F64:
        """A number of each part between the bounds, row by row."""
        return bounds[0] + (bounds[1] - bounds[0]) * self.of_part(name)

    def shop(self, category: I64, u: F64) -> I64:
        """Merchants of the categories, at home where there are counters, by popularity."""
        home = self.bank.traits.city[self.who]
        place = np.where(self.bank.at_counter[category], home, len(self.bank.scenario.cities))
        return pick(self.bank.directory, category, place, u)

    def person(self, name: str, known: F64, *parts: I64) -> I64:
        """Account numbers of persons, one a part (and further parts): contacts with the probability, else strangers."""
        u = self.of_part(name, *parts)
        friend = contact(self.bank, self.month, self.who, (u * 4096 % 1.0 * _CLOSE).astype(np.int64))
        stranger = 1_000_000_000 + (self.of_part(f"{name}.stranger", *parts) * 9_000_000_000).astype(np.int64)
        return np.where(u < known, friend, stranger)

    def paid(
        self, event_us: I64, category: I64, cents: I64, fixed: Column | int = False, **columns: Column | int
    ) -> Intents:
        """Payments by the customers, at home, with what they have in hand.

        ``merchant`` or ``payee`` is paid; where a merchant has no such prices, another one of the kind, unless they are
        ``fixed``.
        """
        bank, home = self.bank, self.bank.traits.city[self.who]
        n, nowhere = len(self), np.zeros(len(self), dtype=bool)
        device, net = devices_used(
            bank, self.who, np.arange(n), category, event_us, nowhere, self.u("device"), self.u("net")
        )
        status, reason = outcomes(bank, self.who, category, cents, home, event_us // DAY, self.u("status"))
        if isinstance(merchant := columns.get("merchant"), np.ndarray) and fixed is False:
            columns["merchant"] = fitting(bank, self.who, merchant, cents)
        return Intents.make(
            n,
            **self._form(event_us, category, cents, home),
            kind=kinds(bank)[category],
            device=device,
            net=net,
            card=cards(bank, self.month, self.who, bank.channel[category]),
            status=status,
            reason=reason,
            **columns,
        )

    def received(self, event_us: I64, category: I64, cents: I64, sender: I64) -> Intents:
        """Money from persons: sent by the other side, so without device and network."""
        home = self.bank.traits.city[self.who]
        return Intents.make(len(self), **self._form(event_us, category, cents, home), kind=INCOME, payee=sender)

    def _form(self, event_us: I64, category: I64, cents: I64, place: I64) -> dict[str, Column]:
        return {
            "transaction_id": self.number,
            "who": self.who,
            "event_us": event_us,
            "offset": offset_at(self.bank.scenario, place, event_us),
            "category": category,
            "place": place,
            "cents": cents,
        }


def ways_to_send(bank: Bank, who: I64, u: F64, sums: float = 0.0) -> I64:
    """Categories in which the customers send money to persons, by their own liking.

    Parameters
    ----------
    sums
        How much ways that bear large sums are preferred: 0 not at all, 1 in proportion to their normal maximum.
    """
    ways = bank.some(bank.recipient == TO_PERSON, "payments to persons")
    liking = bank.traits.method_weights[:, bank.method[ways]] * bank.traits.category_weights[:, ways]
    weight = np.cumsum(liking * bank.normal_maximum[ways] ** sums + 1e-12, axis=1)
    chosen = (weight[who] <= (u * weight[who, -1])[:, None]).sum(axis=1)
    return ways[chosen.clip(0, len(ways) - 1)]
