"""The gates on what was asked for: as much fraud, of the types, and as faithful customers, as the scenario says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from fraud_assets.counting import counted
from fraud_assets.evaluation.gates.result import Line, Result, share_line, untested
from fraud_assets.evaluation.gates.sample import Tables, Truth
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario

#: Rates and shares may be so far off, relative to what was asked for: campaigns are cut short by reports, and the
#: number of a customer's payments follows from more than one setting.
RATE_TOLERANCE, MIX_TOLERANCE = 0.15, 0.5
#: Standard errors by which chance may be off: a campaign has all its rows or none.
CHANCE = 2.5
#: A type is active if so many rows of it, and so many campaigns, are to be expected in the month.
ACTIVE_ROWS, ACTIVE_CAMPAIGNS = 20.0, 3.0
_FADED = 0.05
#: Customers' own shares: what the month shows may differ by so much from the range that was asked for.
_SHARE_TOLERANCE = 0.02
#: A purchase is judged as repeated or not once its customer has so many before it; before, everything is new.
_EXPERIENCE = 60
_REPEAT_TOLERANCE = 0.08
_MOST_ROWS = 500_000
_ENOUGH = 300


def realised_rate(truth: Truth, scenario: Scenario, month: Month, campaigns: pl.DataFrame) -> Result:
    """Share of ledger rows that are fraud, against the one that was asked for and its variation by month.

    Parameters
    ----------
    campaigns
        fraud_type and planned_rows of the campaigns alive in this month and, where known, in the month before.
    """
    asked, swing = scenario.fraud.rate, scenario.fraud.monthly_variation
    value = truth.frauds / truth.rows if truth.rows else 0.0
    shares = _active(scenario, month)
    noise = sum(_noise(truth, name, asked * truth.rows * share, campaigns) ** 2 for name, share in shares.items())
    chance = CHANCE * float(np.sqrt(noise)) / max(1, truth.rows)
    begun = sum(shares.values()) / max(1e-9, sum(kind.share for kind in scenario.fraud.types.values()))
    low = max(0.0, asked * begun * (1 - swing) - max(RATE_TOLERANCE * asked * begun, chance))
    high = asked * begun * (1 + swing) + max(RATE_TOLERANCE * asked * begun, chance)
    line = Line("fraud rows a ledger row", value, low, high, asked * begun, counted(truth.frauds, "row"))
    return Result(
        name="realised_rate",
        passed=line.holds,
        value=value,
        limit=f"{low:.3%} to {high:.3%}",
        explanation=f"{truth.frauds:,} of {truth.rows:,} ledger rows are fraud; {asked * begun:.2%} was asked for.",
        n=truth.frauds,
        lines=(line,),
    )


def realised_mix(truth: Truth, scenario: Scenario, month: Month, campaigns: pl.DataFrame) -> Result:
    """Each type's share of the month's frauds, against its share of the scenario's budget; ``campaigns`` as above.

    A month has few campaigns of a type, so a single share may be far off by chance; half the sum of all differences
    (the total variation) may not.
    """
    shares = _active(scenario, month)
    total = sum(shares.values())
    limit = f"within {MIX_TOLERANCE:.0%} of what was asked for, or {CHANCE:g} standard errors"
    if not truth.frauds or not total:
        return untested("realised_mix", limit, truth.frauds, "there is no fraud, asked for or realised")
    rows = {str(name): int(n) for name, n in truth.fraud.group_by("fraud_type").len().iter_rows()}
    names = sorted({*shares, *rows})
    asked = np.array([shares.get(name, 0.0) / total for name in names])
    noise = np.array(
        [_noise(truth, name, part * truth.frauds, campaigns) for name, part in zip(names, asked, strict=True)]
    )
    # A share is also off where the other types have more or fewer rows than usual.
    errors = np.sqrt(noise**2 + asked**2 * (noise**2).sum()) / truth.frauds
    lines = []
    for name, part, error in zip(names, asked.tolist(), errors.tolist(), strict=True):
        room, found = max(MIX_TOLERANCE * part, CHANCE * error), rows.get(name, 0)
        lines.append(share_line(name, found / truth.frauds, part - room, part + room, part, counted(found, "row")))
    apart = sum(abs(line.realised - (line.asked or 0.0)) for line in lines) / 2
    # Mean and variance of a sum of half-normal deviations.
    chance = errors.sum() / np.sqrt(2 * np.pi) + CHANCE * np.sqrt((0.5 - 1 / np.pi) / 2 * (errors**2).sum())
    whole = Line("all types, total variation", apart, None, max(MIX_TOLERANCE / 2, float(chance)), 0.0)
    lines = [whole, *sorted(lines, key=lambda line: -(line.asked or 0.0))]
    broken = [line for line in lines[1:] if not line.holds]
    worst = max(lines[1:], key=lambda line: abs(line.realised - (line.asked or 0.0)))
    told = "; ".join(f"{line.name}: {line.realised:.1%}, {line.asked:.1%} asked for" for line in broken or [worst])
    is_as_asked = whole.holds and not broken
    return Result(
        name="realised_mix",
        passed=is_as_asked,
        value=apart,
        limit=limit,
        explanation=f"The mix is {'as asked for' if is_as_asked else 'another than asked for'}; farthest off: {told}.",
        n=truth.frauds,
        lines=tuple(lines),
    )


def active_types(
    truth: Truth, scenario: Scenario, month: Month, campaigns: pl.DataFrame, before: Truth | None
) -> Result:
    """Has every type rows that should have some?

    A type is active from its first month on if 20 rows and three campaigns of it are to be expected with as little
    fraud as a month may have: in this month, or else in this month and the one before it together.

    Parameters
    ----------
    campaigns
        fraud_type and planned_rows of the campaigns alive in this month and, where known, in the month before.
    before
        The month before, if it is at hand.
    """
    least = scenario.fraud.rate * (1 - scenario.fraud.monthly_variation)
    planned = dict(campaigns.group_by("fraud_type").agg(pl.col("planned_rows").mean()).iter_rows())
    largest = max(planned.values(), default=0.0)  # of a type without a campaign it is not known how large they are
    active, since = _active(scenario, month), _active(scenario, month - 1)
    lines = []
    for name, share in sorted(active.items()):
        spans = [[truth], [truth, before] if before is not None and name in since else [truth]]
        for months in spans:
            expected = share * least * sum(other.rows for other in months)
            if expected >= ACTIVE_ROWS and expected >= ACTIVE_CAMPAIGNS * planned.get(name, largest):
                found = sum(int((other.fraud["fraud_type"] == name).sum()) for other in months)
                note = f"rows of {counted(len(months), 'month')}; asked for: the fewest to expect"
                lines.append(
                    Line(name, float(found), float(np.ceil(max(1.0, _FADED * expected))), None, expected, note)
                )
                break
    if not lines:
        return untested("active_types", "rows of every active type", truth.frauds, "no type has enough rows to expect")
    broken = [line for line in lines if not line.holds]
    nearest = min(lines, key=lambda line: line.realised / (line.low or 1.0))
    told = "; ".join(
        f"{line.name} has {counted(round(line.realised), 'row')}, at least {line.asked:,.0f} were due"
        for line in broken
    )
    return Result(
        name="active_types",
        passed=not broken,
        value=float(len(broken)),
        limit="rows of every active type",
        explanation=f"{told}."
        if broken
        else f"All {len(lines)} types of which rows were due have some; nearest to too few is {nearest.name}: "
        f"{counted(round(nearest.realised), 'row')}, at least {nearest.low:,.0f} are asked for.",
        n=truth.frauds,
        lines=tuple(sorted(lines, key=lambda line: line.holds)),
        decisive=replace(
            nearest, name=f"rows of {nearest.name}, of {len(lines)} types the one with the least to spare"
        ),
    )


def realised_habits(truth: Truth, scenario: Scenario, tables: Tables, before: Tables | None) -> Result:
    """How faithful honest customers are: purchases at a counter in the home city, and where they have bought before."""
    asked = scenario.population.home_share, scenario.activity.repertoire_share
    lines = [
        *_line("purchases at a counter in the home city", _home(truth, tables), asked[0], _SHARE_TOLERANCE),
        *_line("purchases where one has bought before", _repeated(truth, tables, before), asked[1], _REPEAT_TOLERANCE),
    ]
    limit = "mean of customers in the range asked for"
    if not lines:
        return untested("realised_habits", limit, truth.frauds, "there are too few purchases at a counter or repeated")
    broken = [line for line in lines if not line.holds]
    told = "; ".join(f"{line.name}: {line.realised:.1%}, {line.low:.0%} to {line.high:.0%} was due" for line in lines)
    return Result("realised_habits", not broken, lines[0].realised, limit, f"{told}.", truth.frauds, tuple(lines))


def _active(scenario: Scenario, month: Month) -> dict[str, float]:
    """Share of the budget of every type that has begun."""
    return {
        name: kind.share
        for name, kind in scenario.fraud.types.items()
        if kind.share > 0 and (kind.first_month is None or Month.parse(kind.first_month) <= month)
    }


def _noise(truth: Truth, name: str, expected: float, campaigns: pl.DataFrame) -> float:
    """Standard deviation of a type's rows in a month, of which so many are expected.

    Campaigns come as they will, each with all its rows (a compound Poisson process); they are as large as they are
    planned, or as those of the month where no plan is known; of a type without any they may be as large as any type's.
    """
    planned = campaigns.filter(pl.col("fraud_type") == name)["planned_rows"]
    sizes = truth.fraud.filter(pl.col("fraud_type") == name).group_by("campaign_id").len()["len"]
    known = [float(s.cast(pl.Float64).to_numpy().mean()) for s in (planned, sizes) if len(s)]
    if not known:
        means = campaigns.group_by("fraud_type").agg(pl.col("planned_rows").mean())["planned_rows"].to_list()
        known = [max(means, default=1.0)]
    size = max(known)
    return float(np.sqrt(expected * size))


def _line(name: str, shares: pl.Series, asked: tuple[float, float], tolerance: float) -> list[Line]:
    if len(shares) < 10:
        return []
    low, high = asked[0] - tolerance, asked[1] + tolerance
    value = float(shares.to_numpy().mean())
    return [Line(f"{name}, mean of customers", value, low, high, sum(asked) / 2, counted(len(shares), "customer"))]


def _purchases(truth: Truth, tables: Tables) -> pl.LazyFrame:
    """Honest purchases of as many whole customers as memory allows."""
    share = min(1.0, _MOST_ROWS / max(1, truth.rows))
    lot = (pl.col("customer_id") % 2_147_483_647 * 2_654_435_761) % 2**32
    chosen = (pl.col("kind").cast(pl.String) == "purchase") & (lot <= int(share * 2**32))
    return tables["transactions"].filter(chosen).join(truth.fraud.lazy(), on="transaction_id", how="anti")


def _home(truth: Truth, tables: Tables) -> pl.Series:
    """Each customer's share of purchases at a counter that are in its home city."""
    if "customers" not in tables or "home_city" not in tables["customers"].collect_schema():
        return pl.Series(dtype=pl.Float64)
    return (
        _purchases(truth, tables)
        .filter(pl.col("channel").cast(pl.String) == "card_present")
        .join(tables["customers"].select("customer_id", "home_city"), on="customer_id")
        .group_by("customer_id")
        .agg(share=(pl.col("city") == pl.col("home_city")).mean(), rows=pl.len())
        .filter(pl.col("rows") >= 5)
        .collect(engine="streaming")
        .sort("customer_id")["share"]  # their mean: summed always in one order
    )


def _repeated(truth: Truth, tables: Tables, before: Tables | None) -> pl.Series:
    """Each customer's share of purchases where it has bought before, in this month or in the one before it."""
    columns = [
        "customer_id",
        "event_time",
        *(c for c in ("merchant_id", "payee_id") if c in tables["transactions"].collect_schema()),
    ]
    parts = [_purchases(truth, tables).select(columns)]
    if before is not None:
        parts = [_purchases(truth, before).select(columns), *parts]
    rows = pl.concat(parts).collect(engine="streaming").sort(columns)
    start = tables["transactions"].select(pl.col("event_time").min()).collect().item()
    nth = pl.int_range(pl.len()).over("customer_id")
    visit = pl.int_range(pl.len()).over(*(c for c in columns if c != "event_time"))
    judged = rows.with_columns(nth=nth, is_known=visit > 0).filter(
        (pl.col("nth") >= _EXPERIENCE) & (pl.col("event_time") >= start)
    )
    if judged.height < _ENOUGH:
        return pl.Series(dtype=pl.Float64)
    return (
        judged.group_by("customer_id")
        .agg(pl.col("is_known").mean(), rows=pl.len())
        .filter(pl.col("rows") >= 5)
        .sort("customer_id")["is_known"]
    )
