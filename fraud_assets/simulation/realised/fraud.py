"""Fraud: how much, of what kinds, what is written down about it, and what resembles it."""

from __future__ import annotations

import polars as pl

from fraud_assets.codes import ANOMALY_TYPES, SEVERITIES, SKILLS
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.realised.figure import Figure, all_of, near
from fraud_assets.simulation.realised.view import View, as_float, collect, shares, value, widest


def fraud(view: View) -> list[Figure]:
    """Rate, mix, severity, confidence, evidence, campaigns, look-alikes and honest oddities."""
    scenario, truth = view.scenario, view.truth
    rows = truth.filter("is_fraud")
    n = max(1, collect(view.rows.select(pl.len())).item())
    swing = scenario.fraud.monthly_variation
    active = mix(scenario, [month.key for month in view.months])
    rate = scenario.fraud.rate * sum(active.values())
    odd = truth.filter(~pl.col("is_fraud") & pl.col("anomaly_type").is_not_null())
    alike = set(truth["lookalike_of"].drop_nulls().cast(pl.String).unique())
    total = max(1e-9, sum(active.values()))
    asked = {name: share / total for name, share in active.items()}
    apart = sum(abs(asked.get(k, 0.0) - v) for k, v in _types(rows, asked).items()) / 2
    debit = view.rows.filter(pl.col("direction") == "debit")
    own = debit.join(rows.lazy().select("transaction_id"), on="transaction_id", how="semi")
    night = pl.col("hour") < 5
    honest_night = max(1e-9, value(view.honest, night.mean()))
    return [
        # Chance, beside the variation by month: some tens of campaigns a month, each with all its rows or none.
        Figure("fraud rows a ledger row", rate * (1 - swing) * 0.85, rate * (1 + swing) * 1.15, len(rows) / n),
        all_of("fraud types active by the last month, with rows", len(active), int(rows["fraud_type"].n_unique())),
        Figure("mix of types, total variation from the one asked for", 0, 0.25, apart),
        all_of("severities", len(SEVERITIES), rows["fraud_severity"].n_unique()),
        Figure("lowest confidence", 0.5, 0.7, as_float(rows["fraud_confidence"].min())),
        Figure("highest confidence", 0.85, 1.0, as_float(rows["fraud_confidence"].max())),
        Figure(
            "fraud rows with evidence",
            1,
            1,
            as_float((rows["fraud_evidence"].str.len_chars() > 2).fill_null(value=False).mean()),
        ),
        Figure("fraud by night, over honest payments", None, 2.5, value(own, night.mean()) / honest_night),
        _among_the_largest(view, rows),
        all_of("kinds of anomaly, honest rows", len(ANOMALY_TYPES), odd["anomaly_type"].n_unique()),
        Figure("honest rows that are unusual", 0.001, 0.2, len(odd) / n),
        all_of("types that honest rows resemble", len(active), len(alike & set(active))),
        near(
            "honest rows that are reported as fraud in error",
            scenario.fraud.false_report,
            float(truth["is_false_report"].sum()) / n,
            relative=0.5,
        ),
        *_campaigns(view, active),
    ]


def mix(scenario: Scenario, months: list[str]) -> dict[str, float]:
    """Share of the budget of the types that have begun by the last month, by the months in which they were active."""
    found = {}
    for name, kind in scenario.fraud.types.items():
        begun = sum(kind.first_month is None or kind.first_month <= month for month in months)
        if begun:
            found[name] = kind.share * begun / len(months)
    return found


def _among_the_largest(view: View, rows: pl.DataFrame) -> Figure:
    """Fraud in the top tenth of debits; two standard errors, by campaign, are chance."""
    debit = view.rows.filter(pl.col("direction") == "debit")
    top = value(debit, pl.col("amount").quantile(0.9))
    own = collect(
        debit.join(rows.lazy().select("transaction_id", "campaign_id"), on="transaction_id")
        .group_by("campaign_id")
        .agg((pl.col("amount") > top).sum().alias("hits"), pl.len())
    )
    n = max(1, int(own["len"].sum()))
    share = float(own["hits"].sum()) / n
    error = float((own["hits"] - share * own["len"]).pow(2).sum()) ** 0.5 / n
    return Figure("fraud among the top tenth of amounts", max(0.0, 0.20 - 2 * error), 0.45 + 2 * error, share)


def _types(rows: pl.DataFrame, asked: dict[str, float]) -> dict[str, float]:
    found = shares(rows.lazy(), "fraud_type")
    return {name: found.get(name, 0.0) for name in {*asked, *found}}


def _campaigns(view: View, active: dict[str, float]) -> list[Figure]:
    if "fraud_campaigns" not in view.tables:
        return []
    scenario = view.scenario
    plans = view.tables["fraud_campaigns"].collect().unique("campaign_id")
    plans = plans.with_columns(pl.col("fraud_type").cast(pl.String))
    skills = shares(plans.lazy(), "skill")
    count = plans["fraud_type"].value_counts()
    total = max(1, plans.height)
    asked = {
        name: sum(n * scenario.fraud.types[kind].skill[k] for kind, n in count.iter_rows()) / total
        for k, name in enumerate(SKILLS)
    }
    found = [
        Figure("largest gap of the share of a level of skill", 0, 0.12, widest(asked, skills)),
        Figure("campaigns an actor, at most", 2, None, as_float(plans["actor_id"].value_counts()["count"].max())),
    ]
    following = {name: scenario.fraud.types[name].follow_share for name in active if scenario.fraud.types[name].follows}
    if following:
        theirs = plans.filter(pl.col("fraud_type").is_in(list(following)))
        wanted = theirs["fraud_type"].replace_strict(following, return_dtype=pl.Float64).mean()
        linked = as_float(theirs["parent_campaign_id"].is_not_null().mean())
        # Only where a campaign of the other type has ended in time.
        found.append(
            Figure(
                "campaigns that follow another, of the types that may",
                0.2 * as_float(wanted),
                2 * as_float(wanted),
                linked,
            )
        )
    return found
