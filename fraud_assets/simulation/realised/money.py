"""What is paid: methods, categories, amounts and the points on which prices land, recipients, and how it ends."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from scipy.special import ndtr

from fraud_assets.scenario import Category, Method, Scenario, placeholders
from fraud_assets.simulation.realised.figure import Figure, all_of, near
from fraud_assets.simulation.realised.view import View, as_float, collect, shares, value, widest
from fraud_assets.simulation.traits import traits, units

#: Share of payments below this many rupees that go by UPI [S]; of no meaning elsewhere.
_SMALL, _BY_UPI = 500, 0.89
#: What stands for a word of a person's name, where it is not one of the words of the scenario.
_WRITTEN = {
    "number": r"\d{9,11}",
    "mobile": r"[6-9]\d{8,10}",
    "digits": r"\d{1,5}",
    "hex": r"[0-9a-f]{38,42}",
    "bech": r"[0-9a-z]{36,40}",
    "base58": r"[1-9A-HJ-NP-Za-km-z]{31,35}",
}


def money(view: View) -> list[Figure]:
    """Methods, amounts, prices and names."""
    scenario = view.scenario
    methods = {m.name: m.share for m in scenario.methods}
    bought = [c for c in scenario.categories if c.weight > 0 and c.recipient not in ("employer", "sender")]
    seen = collect(view.honest.group_by("category").agg(pl.len(), pl.col("amount").median()))
    free = [m for m in scenario.methods if m.hard_maximum is None]
    found = [
        all_of("payment methods in use", len(methods), len(shares(view.honest, "method"))),
        Figure("largest gap of a method's share of payments", 0, 0.03, _methods_gap(view)),
        all_of("categories in use", len(bought), int(seen["category"].is_in([c.category for c in bought]).sum())),
        *_typical(view, bought),
        _over(view, free) if free else None,
        Figure(
            "payments above what their method carries at most",
            0,
            0,
            _above(view, {m.name: m.hard_maximum for m in scenario.methods if m.hard_maximum}),
        )
        if any(m.hard_maximum for m in scenario.methods)
        else None,
        Figure(
            "payments below Rs 500 that go by UPI",
            _BY_UPI - 0.015,
            _BY_UPI + 0.015,
            value(view.honest.filter(pl.col("amount") < _SMALL), (pl.col("method") == "UPI").mean()),
        )
        if "UPI" in methods
        else None,
        *_price_points(view),
        _named(view),
        _brands(view),
        *_tokens(view),
    ]
    return [figure for figure in found if figure is not None]


def endings(view: View) -> list[Figure]:
    """Approved, declined, pending; late; given back."""
    scenario = view.scenario
    own = [c.category for c in scenario.categories if c.instrument != "none"]
    rows = view.honest.filter(pl.col("category").is_in(own))
    status = shares(rows, "status")
    use = shares(rows, "method")
    declined, pending = (
        sum(use.get(m.name, 0.0) * getattr(m, name) for m in scenario.methods) for name in ("decline", "pending")
    )
    late = {c.category: c.late_posting for c in scenario.categories}
    asked_late = sum(share * late.get(name, 0.0) for name, share in shares(view.honest, "category").items())
    reasons = rows.filter(pl.col("status") == "declined")
    back = view.rows.filter(pl.col("kind").is_in(["refund", "reversal"]))
    found = [
        # What has failed is tried again, and fails more often than other payments.
        near("declined, of honest payments", declined, status.get("declined", 0.0), relative=0.2),
        near("pending, of honest payments", pending, status.get("pending", 0.0), relative=0.2, absolute=0.001),
        near("approved, of honest payments", 1 - declined - pending, status.get("approved", 0.0), absolute=0.02),
        Figure(
            "declines for insufficient funds",
            0.40,
            0.60,
            value(reasons, (pl.col("decline_reason") == "insufficient_funds").mean()),
        ),
        near(
            "posted hours or days late",
            asked_late,
            value(view.honest, (pl.col("posted_at") - pl.col("event_time") > pl.duration(hours=5)).mean()),
            relative=0.25,
            absolute=0.002,
        ),
        Figure(
            "refunds and reversals that name what is given back",
            0.85,
            None,
            value(back, pl.col("original_transaction_id").is_not_null().mean()),
        ),
    ]
    named = back.filter(pl.col("original_transaction_id").is_not_null()).filter(
        pl.col("event_time") >= view.months[0].start + pl.duration(days=15)
    )
    known = view.rows.select(original_transaction_id="transaction_id", is_there=pl.lit(True))
    there = named.join(known, on="original_transaction_id", how="left").select(
        pl.col("is_there").fill_null(value=False).mean()
    )
    if collect(named.select(pl.len())).item():
        found.append(Figure("of these, found in the ledger", 1, 1, as_float(collect(there).item())))
    return found


def _methods_gap(view: View) -> float:
    return widest({m.name: m.share for m in view.scenario.methods}, shares(view.honest, "method"))


def _typical(view: View, bought: list[Category]) -> list[Figure]:
    """Median and mean of what people decide to pay, as the categories' laws and the customers' means have it."""
    bank = [c for c in bought if c.recipient != "biller"]
    share = {m.name: m.share for m in view.scenario.methods}
    total: dict[str, float] = {}
    for c in bank:
        total[c.method] = total.get(c.method, 0.0) + c.weight
    weight = np.array([share[c.method] * c.weight / total[c.method] for c in bank])
    mu, sigma = _laws(bank)
    people = traits(view.scenario, tuple(units(view.scenario)))
    factor = np.log(people.amount_factor)
    active = np.average(factor, weights=people.daily_rate)
    spread = np.sqrt(sigma**2 + np.average((factor - active) ** 2, weights=people.daily_rate))
    mu = mu + active
    ceiling = np.log([_ceiling(view.scenario, c) for c in bank])
    # Above its ceiling an amount is folded to about seven tenths of it.
    above = 1 - ndtr((ceiling - mu) / spread)
    mean = np.exp(mu + spread**2 / 2) * ndtr((ceiling - mu - spread**2) / spread) + above * 0.7 * np.exp(ceiling)
    grid = np.linspace(mu.min() - 2, mu.max() + 2, 2000)
    below = (weight[:, None] * ndtr((grid - mu[:, None]) / spread[:, None])).sum(axis=0) / weight.sum()
    median = float(np.exp(np.interp(0.5, below, grid)))
    amounts = collect(
        view.chosen.select(pl.col("amount").mean().alias("mean"), pl.col("amount").median().alias("median"))
    )
    asked_mean = float((weight * mean).sum() / weight.sum())
    names = {c.category: m for c, m in zip(bank, np.exp(mu), strict=True)}
    rows = collect(view.chosen.group_by("category").agg(pl.len(), pl.col("amount").median())).filter(
        pl.col("len") >= 400
    )
    off = [abs(np.log(amount / names[name])) for name, _, amount in rows.iter_rows() if name in names]
    return [
        near("median payment", median, as_float(amounts["median"][0]), relative=0.15),
        near("mean payment", asked_mean, as_float(amounts["mean"][0]), relative=0.2),
        Figure(
            "categories whose median is within a quarter of its law's",
            0.9,
            None,
            float(np.mean(np.array(off) < np.log(1.25))) if off else 1.0,
        ),
    ]


def _laws(categories: list[Category]) -> tuple[np.ndarray, np.ndarray]:
    median = np.array([c.median for c in categories])
    return np.log(median), np.sqrt(2 * np.log(np.array([c.mean for c in categories]) / median))


def _ceiling(scenario: Scenario, category: Category) -> float:
    method = next(m for m in scenario.methods if m.name == category.method)
    return min(method.hard_maximum or method.normal_maximum, category.highest or float("inf"))


def _over(view: View, methods: list[Method]) -> Figure:
    top = pl.DataFrame({"method": [m.name for m in methods], "top": [m.normal_maximum for m in methods]}).lazy()
    asked = view.scenario.activity.big_ticket_share
    over = view.honest.join(top, on="method").filter(pl.col("amount") > pl.col("top"))
    share = collect(over.select(pl.len())).item() / max(1, collect(view.honest.select(pl.len())).item())
    return Figure("honest payments above their method's normal maximum", 0.3 * asked, 3 * asked, share)


def _above(view: View, top: dict[str, float | None]) -> float:
    limits = pl.DataFrame({"method": list(top), "top": list(top.values())}).lazy()
    return float(
        collect(view.rows.join(limits, on="method").filter(pl.col("amount") > pl.col("top")).select(pl.len())).item()
    )


def _price_points(view: View) -> list[Figure]:
    """Tens at small shops, nines online, round sums between people."""
    by_style: dict[str, list[str]] = {}
    for c in view.scenario.categories:
        by_style.setdefault(c.price_style, []).append(c.category)
    cents = (pl.col("amount") * 100).round().cast(pl.Int64)
    charm = round(view.scenario.prices.charm * 100)
    step = max(100, round(100 * max(s for at, s in view.scenario.prices.round_steps.items() if at <= 20)))
    looks = {
        "tens": ("small purchases that are multiples of ten", 0.45, 0.75, cents % 1000 == 0, 10.0),
        "nines": (
            "prices that end in nines",
            0.5,
            0.95,
            ((cents + charm // 100) % (charm // 10) == 0) | (cents % charm == charm // 2 - charm // 100),
            charm / 100,
        ),
        "round": ("sums between people and to business that are round", 0.7, 1.0, cents % step == 0, 20.0),
    }
    found = []
    for style, (name, low, high, is_so, least) in looks.items():
        rows = view.chosen.filter(pl.col("category").is_in(by_style.get(style, [])) & (pl.col("amount") >= least))
        if collect(rows.select(pl.len())).item() >= 500:
            found.append(Figure(name, low, high, value(rows, is_so.mean())))
    return found


def _named(view: View) -> Figure | None:
    """Persons, written as the scenario's patterns have it."""
    patterns = []
    for text in (*view.scenario.names["person"], *view.scenario.names.get("account", ())):
        regular = re.escape(text)
        for word in placeholders(text):
            regular = regular.replace(re.escape("{" + word + "}"), _WRITTEN.get(word, r"[A-Za-z.\- ]+"))
        patterns.append(f"(?:{regular})")
    persons = view.rows.filter(pl.col("payee_id").is_not_null())
    if not collect(persons.select(pl.len())).item():
        return None
    written = pl.col("recipient_entity").str.contains("^(?:" + "|".join(patterns) + ")$")
    return Figure("persons written as names.csv has it", 0.995, 1, value(persons, written.mean()))


def _brands(view: View) -> Figure:
    brands = {b.name for b in view.scenario.brands}
    seen = collect(
        view.rows.filter(pl.col("recipient_entity").is_in(sorted(brands))).select("recipient_entity").unique()
    )
    return Figure("real brands among the recipients", round(0.9 * len(brands)), len(brands), len(seen))


def _tokens(view: View) -> list[Figure]:
    tokens = {t.name: t.share for t in view.scenario.tokens}
    if not tokens:
        return []
    # Where a category leaves the choice.
    free = [c.category for c in view.scenario.categories if not c.tokens]
    rows = view.honest.filter(pl.col("token").is_not_null() & pl.col("category").is_in(free))
    kinds = shares(view.rows, "kind")
    return [
        Figure("largest gap of a token's share", 0, 0.06, widest(tokens, shares(rows, "token"))),
        all_of(
            "deposits, transfers and redemptions",
            3,
            sum(kinds.get(k, 0.0) > 0 for k in ("income", "transfer", "withdrawal")),
        ),
    ]
