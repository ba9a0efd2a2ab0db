"""Honest errors: bursts, amounts far too high, recipients mistyped."""

from __future__ import annotations

import polars as pl

from fraud_assets.simulation.realised.figure import Figure
from fraud_assets.simulation.realised.view import View, as_float, collect
from fraud_assets.simulation.traits import traits, units


def accidents(view: View) -> list[Figure]:
    """Each kind of accident as often, and in the form, that was asked for; a customer's own probability shows."""
    scenario, settings = view.scenario, view.scenario.accidents
    base = collect(view.rows.filter(view.is_chosen & (pl.col("direction") == "debit")).group_by("customer_id").len())
    n = max(1.0, as_float(base["len"].sum()))
    burst = view.truth.filter("is_accident_burst")
    high = view.truth.filter("is_high_amount_accident")
    typed = view.truth.filter("is_mistyped_entity_accident")
    to_persons = collect(
        view.rows.filter(pl.col("payee_id").is_not_null() & (pl.col("direction") == "debit")).select(pl.len())
    ).item()
    ceiling = pl.DataFrame(
        {
            "method": [m.name for m in scenario.methods],
            "top": [m.normal_maximum for m in scenario.methods],
            "hard": [m.hard_maximum for m in scenario.methods],
        },
        schema_overrides={"hard": pl.Float64},
    )
    rows = collect(
        view.rows.join(high.lazy().select("transaction_id"), on="transaction_id", how="semi")
        .join(ceiling.lazy(), on="method")
        .select("top", "hard", factor=pl.col("amount") / pl.col("top"))
    )
    low, top = settings.high_amount_factor
    free = rows.filter(pl.col("hard").is_null() | (pl.col("hard") >= top * pl.col("top")))["factor"]
    p_burst, p_high, p_typed = (_beta(pair) for pair in (settings.burst, settings.high_amount, settings.mistyped))
    found = [
        Figure("burst rows a payment (1-3 extra rows each)", 1.5 * p_burst, 2.5 * p_burst, len(burst) / n),
        Figure("high amounts a payment", 0.6 * p_high, 1.3 * p_high, len(high) / n),
        Figure("high amounts below their method's normal maximum", 0, 0, float((rows["factor"] < 1).sum())),
        Figure(
            "mistyped recipients a payment to a person",
            p_typed * settings.typed_known_payee,
            p_typed * settings.typed_new_payee,
            len(typed) / max(1, int(to_persons)),
        ),
        Figure(
            "mistyped recipients of which the intended one is kept",
            1,
            1,
            as_float(typed["original_recipient_entity"].is_not_null().mean()),
        ),
    ]
    if len(free) >= 50:
        share = as_float(free.is_between(low * 0.999, top * 1.001).mean())
        name = "high amounts at 2.5-4 times the normal maximum, where the method bears them"
        found.append(Figure(name, 0.95 * (1 - settings.decimal_slip), 1.0, share))
    people = traits(scenario, tuple(units(scenario)))
    own = pl.DataFrame({"customer_id": people.customer_id, "p": people.p_burst})
    seen = base.join(burst.group_by("customer_id").len().rename({"len": "burst"}), on="customer_id", how="left").join(
        own, on="customer_id"
    )
    together = seen.select(pl.corr("p", pl.col("burst").fill_null(0) / pl.col("len"))).item()
    enough = as_float(base["len"].mean()) >= 300  # below, chance hides what a customer is like
    name = "correlation of a customer's own burst probability with its bursts"
    found.append(Figure(name, 0.3 if enough else 0.05, 1.0, as_float(together)))
    return found


def _beta(pair: tuple[float, float]) -> float:
    return pair[0] / (pair[0] + pair[1])
