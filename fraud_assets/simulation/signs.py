"""Signs: names of local merchants and small online shops (Rosie's Diner, cedarandoak.com).

What lives here: the patterns of shops, and what names.csv has for signs of a kind. What does not: how patterns and
words are put together (``names.py``). Brands come from brands.csv.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.scenario import Scenario, placeholders
from fraud_assets.simulation.names import chosen_pattern, filled, regions_of, uniform_of, words_of, written
from fraud_assets.simulation.streams import I64, Bools

#: How often a firm looks for a name that no other one has.
_TRIES = 8
#: More merchants than there are of a kind: keys so far apart belong to no other one's name.
_APART = 1_000_000


def local_names(scenario: Scenario, kind: pl.Series, cell: I64, city: I64, online: Bools, firm: Bools) -> pl.Series:
    """Names for local merchants of the given kinds.

    Parameters
    ----------
    kind
        Sub-category of each merchant, for example ``diner``; shape (n,).
    cell
        Number of the category and city, ascending: no two merchants of one cell share a name.
    city
        Whose people's names it may have; an index into ``scenario.cities``, -1 of what has no place.
    online
        Whether it is a small online shop.
    firm
        Whether it is an employer. Where many are paid by small ones, the second of a name has another, not a number.

    Returns
    -------
    Names of shape (n,).
    """
    rank = np.arange(len(cell)) - np.searchsorted(cell, cell)
    given = {"kind": kind.str.to_titlecase()}
    shop = _signed(scenario, kind, (cell, rank), city)
    told_apart = any(o.small_employers for o in scenario.population.occupations)
    tried = np.zeros(len(cell), dtype=np.int64)
    for attempt in range(1, _TRIES) if told_apart else ():
        # Who has had the name from the beginning keeps it, whoever comes upon it later.
        first = pl.col("place").sort_by("tried", "place").first().over("cell", "shop")
        named = pl.DataFrame({"shop": shop, "cell": cell, "tried": tried, "place": np.arange(len(cell))})
        taken = named.select(pl.col("place") != first).to_series()
        rows = np.flatnonzero(taken.to_numpy() & firm)
        if not len(rows):
            break
        tried[rows] = attempt
        other = (cell[rows], rank[rows] + attempt * _APART)
        shop = shop.scatter(rows, _signed(scenario, kind[rows], other, city[rows]))
    site = written(scenario, "site", (cell, rank), given, city)
    name = site.zip_with(pl.Series(online) & ~kind.is_in(list(scenario.names)), shop)
    # The second of the same name in a street says which one it is.
    before = _before(cell, name)
    again = np.flatnonzero(before)
    return name.scatter(again, name[again] + " No. " + pl.Series(before[again] + 1).cast(pl.String))


def _before(cell: I64, name: pl.Series) -> I64:
    """How many merchants before each one in its cell have its name."""
    key = cell * (len(name) + 1) + name.rank("dense").to_numpy()
    order = np.argsort(key, kind="stable")
    before = np.empty(len(key), dtype=np.int64)
    before[order] = np.arange(len(key)) - np.searchsorted(key[order], key[order])
    return before


def _signed(scenario: Scenario, kind: pl.Series, key: tuple[I64, ...], city: I64) -> pl.Series:
    """Names of shops, with what names.csv has for signs of their kind."""
    patterns, chosen = list(scenario.names["shop"]), chosen_pattern(scenario, "shop", key)
    shown = kind.str.to_titlecase()
    for use in kind.unique().sort().to_list():
        if use not in scenario.names:
            continue
        rows = np.flatnonzero((kind == use).to_numpy())
        own = tuple(part[rows] for part in key)
        sign = words_of(scenario, use, uniform_of(scenario, "sign", *own), regions_of(scenario, own, city[rows]))
        whole = [text for text in scenario.names[use] if placeholders(text)]
        for text in whole:
            chosen[rows[(sign == text).to_numpy()]] = len(patterns)
            patterns.append(text)
        told = np.flatnonzero(~sign.is_in(whole).to_numpy())
        shown = shown.scatter(rows[told], sign[told])
    return filled(scenario, patterns, chosen, key, {"kind": shown}, city)
