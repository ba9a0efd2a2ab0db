"""What stands around the payments: devices, logins, merchants."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.simulation.fraud.equipment import actor_devices
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.realised.figure import Figure, all_of, near
from fraud_assets.simulation.realised.view import LOCAL, View, as_float, collect, shares, value, widest
from fraud_assets.simulation.traits import units


def devices(view: View) -> list[Figure]:
    """Phones and computers, and who logs in with them."""
    if "devices" not in view.tables:
        return []
    life, table = view.scenario.devices, view.tables["devices"]
    found = []
    for kind, asked in (("phone", life.phones), ("laptop", life.laptops), ("tablet", life.tablets)):
        own = {str(name): share for name, share in asked.items()}
        gap = widest(own, shares(table.filter(pl.col("kind") == kind), "os"))
        found.append(Figure(f"largest gap of the share of a {kind}'s system", 0, 0.05, gap))
    with_device = view.honest.filter(pl.col("device_id").is_not_null())
    for span, of, most in (
        ("", ["customer_id"], 3.5),
        (" in a month", ["customer_id", LOCAL.dt.truncate("1mo")], 3.0),
    ):
        a_customer = collect(with_device.group_by(of).agg(pl.col("device_id").n_unique()))["device_id"]
        name = f"devices with which a customer pays{span}, mean"
        found.append(Figure(name, 1, most, as_float(a_customer.mean())))
    known = table.select("device_id", is_known=pl.lit(True)).unique()
    listed = with_device.select("device_id").unique().join(known, on="device_id", how="left")
    found.append(
        Figure(
            "devices of the ledger on file", 0.999, 1, value(listed, pl.col("is_known").fill_null(value=False).mean())
        )
    )
    return [*found, *_logins(view, table)]


def _logins(view: View, table: pl.LazyFrame) -> list[Figure]:
    if "logins" not in view.tables:
        return []
    life = view.scenario.devices
    # The truth names devices only where the ledger does, and victims' own ones too.
    bank = Bank(view.scenario, tuple(units(view.scenario)))
    actors = actor_devices(bank, view.months[-1])["device_id"].unique()
    rows = view.tables["logins"].filter(pl.col("event") == "login")
    tries = collect(rows.select(pl.len(), pl.col("is_success").mean().alias("good")))
    honest = rows.filter("is_success").join(actors.to_frame().lazy(), on="device_id", how="anti")
    first = table.select("device_id", "first_used_at").unique("device_id")
    is_new = pl.col("event_time") - pl.col("first_used_at") < pl.duration(minutes=10)
    a_day = int(tries["len"][0]) / view.days / len(view.people)
    events = shares(view.tables["logins"], "event")
    return [
        near("logins a customer and day", life.daily_logins, a_day, relative=0.25),
        Figure("failed logins", 0.6 * life.login_failure, 2 * life.login_failure, 1 - as_float(tries["good"][0])),
        Figure(
            "logins from a device that is new to the bank",
            0.015,
            0.035,
            value(honest.join(first, on="device_id"), is_new.mean()),
        ),
        all_of("kinds of login events", 4, sum(share > 0 for share in events.values())),
    ]


def merchants(view: View) -> list[Figure]:
    """The merchants: sizes, chains, standing, where they are."""
    if "merchants" not in view.tables:
        return []
    scenario, table = view.scenario, view.tables["merchants"].collect()
    people = {c.city: c.population for c in scenario.cities}
    there = table.filter(pl.col("city").is_not_null())
    found = [
        Figure("merchants", len({b.name for b in scenario.brands}), None, len(table)),
        Figure(
            "kinds of merchants (sub-categories)",
            len({c.category for c in scenario.categories if c.recipient == "merchant"}),
            None,
            table["sub_category"].n_unique(),
        ),
        Figure(
            "widest gap of merchants' standing",
            0.5,
            1,
            as_float(table["reputation"].max()) - as_float(table["reputation"].min()),
        ),
    ]
    if there.height:
        found.append(all_of("tiers of merchants", 3, table["tier"].n_unique()))
        counts = there.group_by("city").len()
        size = np.array([people[city] for city in counts["city"]])
        together = float(np.corrcoef(np.log(size), np.log(counts["len"].to_numpy()))[0, 1])
        found.append(Figure("correlation of a city's merchants with its inhabitants, logarithms", 0.85, 1, together))
        # Of the categories with counters, each by its own share and number of merchants.
        asked = {
            c.category: c.chains for c in scenario.categories if c.category in {b.category for b in scenario.brands}
        }
        own = (
            there.filter(pl.col("category").is_in(list(asked)))
            .group_by("category")
            .agg(pl.col("is_chain").mean(), pl.len())
        )
        if own.height:
            gap = own.with_columns(asked=pl.col("category").replace_strict(asked, return_dtype=pl.Float64))
            wanted = as_float(gap.select((pl.col("asked") * pl.col("len")).sum() / pl.col("len").sum()).item())
            chains = as_float(gap.select((pl.col("is_chain") * pl.col("len")).sum() / pl.col("len").sum()).item())
            found.append(
                near("chains among merchants with counters, where there are brands", wanted, chains, absolute=0.12)
            )
    return found
