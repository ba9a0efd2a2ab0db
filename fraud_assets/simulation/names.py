"""Names: of persons as recipients, and how the scenario's patterns and words (names.csv) are put together.

What lives here: patterns, words, their regions and times. What does not: the names of local shops (``signs.py``) and
brands, which come from brands.csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import Formatter

import numpy as np
import polars as pl

from fraud_assets.scenario import Scenario, placeholders
from fraud_assets.scenario.sections import all_regions
from fraud_assets.simulation.calendar import day_number
from fraud_assets.simulation.choices import Choices
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms

#: What characters an address of tokens is made of, and how many of them.
_ALPHABETS = {
    "hex": ("0123456789abcdef", 40),
    "bech": ("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 38),
    "base58": ("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 33),
}
#: First digit of a telephone number for each first digit of an account number: 6 to 9, most of them 9, 8 and 7.
_FIRST = {"1": "9", "2": "8", "3": "7", "4": "9", "5": "8"}


def person_names(
    scenario: Scenario,
    number: I64,
    meant: I64 | None = None,
    by_account: Bools | None = None,
    city: I64 | None = None,
    day: I64 | None = None,
) -> pl.Series:
    """Persons as recipients, as entered: ``user_1234567890``, ``9876543210@ybl``, ``NEFT/Asha Singh/9876543210``.

    Parameters
    ----------
    number
        Account numbers, negative where there is none; shape (n,).
    meant
        The account that was meant where ``number`` is mistyped, negative elsewhere. What is entered then differs from
        the entry for that account by a character or two.
    by_account
        Who is paid from account to account, and written so where the scenario has patterns for it; by default nobody.
    city
        Where they are from: indices into ``scenario.cities``, -1 where nobody knows, which is the default.
    day
        When they are paid, since words may be others than before; by default in the end.

    Returns
    -------
    Texts of shape (n,), null where there is no number.
    """
    texts, place = person_entries(scenario, number, number if meant is None else meant, by_account, city, day)
    return texts[place]


def person_entries(
    scenario: Scenario,
    number: I64,
    meant: I64,
    by_account: Bools | None = None,
    city: I64 | None = None,
    day: I64 | None = None,
) -> tuple[pl.Series, I64]:
    """As :func:`person_names`: some texts, and the position among them of each entry; shape (n,)."""
    if city is None or not scenario.name_regions:
        city = np.full(len(number), -1)
    changes = _changes(scenario)
    # How many of the changes have come.
    era = np.full(len(number), len(changes)) if day is None else np.searchsorted(changes, day, side="right")
    if by_account is None or "account" not in scenario.names:
        return _distinct(scenario, "person", number, meant, city, era)
    place = np.empty(len(number), dtype=np.int64)
    texts: list[pl.Series] = []
    for use, rows in (("person", np.flatnonzero(~by_account)), ("account", np.flatnonzero(by_account))):
        found, where = _distinct(scenario, use, number[rows], meant[rows], city[rows], era[rows])
        place[rows] = where + sum(map(len, texts))
        texts.append(found)
    return pl.concat(texts, rechunk=True), place


def _distinct(scenario: Scenario, use: str, number: I64, meant: I64, city: I64, era: I64) -> tuple[pl.Series, I64]:
    """The entries after the patterns of the use, each number's once but for those that are mistyped."""
    cities = len(scenario.cities) + 1  # the last one is none
    eras = len(_changes(scenario)) + 1
    both, place = np.unique((number * cities + city % cities) * eras + era, return_inverse=True)
    rest, then = np.divmod(both, eras)
    distinct, home = np.divmod(rest, cities)
    slipped = np.flatnonzero((meant >= 0) & (meant != number))
    place[slipped] = len(distinct) + np.arange(len(slipped))
    entered, home = np.concatenate([distinct, number[slipped]]), np.concatenate([home, city[slipped]])
    then = np.concatenate([then, era[slipped]])
    return _entries(scenario, use, entered, np.concatenate([distinct, meant[slipped]]), home, then), place


def _entries(scenario: Scenario, use: str, number: I64, meant: I64, city: I64, era: I64) -> pl.Series:
    """What is entered for the numbers by somebody who means the accounts ``meant``, of people from the cities."""
    digits = pl.Series(number, dtype=pl.Int64).cast(pl.String)
    given = {"number": digits}
    if _is_used(scenario, use, "mobile"):
        first = digits.str.slice(0, 1).replace(list(_FIRST), list(_FIRST.values()))
        given["mobile"] = first + digits.str.slice(1)
    if _is_used(scenario, use, "digits"):
        given["digits"] = pl.Series(meant % 10_000, dtype=pl.Int64).cast(pl.String)
    given |= {code: _code(scenario, code, meant) for code in _ALPHABETS if _is_used(scenario, use, code)}
    text = written(scenario, use, (meant,), given, city, era)
    spelled = [not {"number", "mobile"} & set(placeholders(pattern)) for pattern in scenario.names[use]]
    wrong = np.flatnonzero((number != meant) & np.array(spelled)[chosen_pattern(scenario, use, (meant,))])
    if len(wrong):
        text = text.scatter(wrong, _misspelled(text[wrong], uniform_of(scenario, "slip", number[wrong])))
    return text.set(pl.Series(number < 0), None)


def person_patterns(scenario: Scenario, number: I64) -> I64:
    """Position of the pattern, among those with use ``person``, after which each account is written; shape (n,)."""
    return chosen_pattern(scenario, "person", (number,))


def _is_used(scenario: Scenario, use: str, word: str) -> bool:
    return any(word in placeholders(pattern) for pattern in scenario.names[use])


def _code(scenario: Scenario, code: str, number: I64) -> pl.Series:
    """Characters of an alphabet that belong to the numbers, two at a time."""
    alphabet, length = _ALPHABETS[code]
    pairs = pl.Series([a + b for a in alphabet for b in alphabet])
    parts = [
        pairs[(uniform_of(scenario, f"{code}.{k}", number) * len(pairs)).astype(np.int64)].alias(str(k))
        for k in range((length + 1) // 2)
    ]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all()).str.slice(0, length)).to_series()


def _misspelled(text: pl.Series, u: F64) -> pl.Series:
    """One letter of the first third left out, struck twice, or changed for its neighbour."""
    frame = pl.DataFrame({"text": text, "u": u, "fine": (u * 4096) % 1.0})
    place = (1 + pl.col("u") * (pl.col("text").str.len_chars() // 3 - 1)).cast(pl.Int64)
    head, tail = pl.col("text").str.slice(0, place), pl.col("text").str.slice(place + 1)
    letter, after = pl.col("text").str.slice(place, 1), pl.col("text").str.slice(place + 1, 1)
    twice = head + letter + letter + tail
    swapped = head + after + letter + pl.col("text").str.slice(place + 2)
    return frame.select(
        pl.when(pl.col("fine") < 0.4)
        .then(head + tail)
        .when((pl.col("fine") < 0.7) & (letter != after))
        .then(swapped)
        .otherwise(twice)
    ).to_series()


def written(
    scenario: Scenario,
    use: str,
    key: tuple[I64, ...],
    given: Mapping[str, pl.Series],
    city: I64,
    era: I64 | None = None,
) -> pl.Series:
    """A text for each key after one of the patterns of the use, with the words of its city and time."""
    return filled(scenario, scenario.names[use], chosen_pattern(scenario, use, key), key, given, city, era)


def filled(
    scenario: Scenario,
    patterns: Sequence[str],
    chosen: I64,
    key: tuple[I64, ...],
    given: Mapping[str, pl.Series],
    city: I64,
    era: I64 | None = None,
) -> pl.Series:
    """A text for each key after the pattern that was chosen for it."""
    columns = dict(given)
    region = regions_of(scenario, key, city)
    texts = []
    for pattern in patterns:
        for name in placeholders(pattern):
            if name not in columns:
                columns[name] = words_of(scenario, name.rstrip("2"), uniform_of(scenario, name, *key), region, era)
        parts = [
            part
            for literal, name, _, _ in Formatter().parse(pattern)
            for part in (pl.lit(literal), *([] if name is None else [pl.col(name)]))
        ]
        texts.append(pl.concat_str(parts))
    text = texts[-1]
    for k, other in enumerate(texts[:-1]):
        text = pl.when(pl.col("pattern") == k).then(other).otherwise(text)
    return pl.DataFrame(columns | {"pattern": pl.Series(chosen)}).select(text=text).to_series()


def regions_of(scenario: Scenario, key: tuple[I64, ...], city: I64) -> I64:
    """The region from which all words of a text are, as people in its city are: a row of :func:`_of_regions`."""
    if not scenario.name_regions:
        return city
    return _people(scenario).draw(city % (len(scenario.cities) + 1), uniform_of(scenario, "region", *key))


@lru_cache(maxsize=8)
def _people(scenario: Scenario) -> Choices:
    """Of which regions people are in each city, and then where there is no city: of any or, last, of none."""
    regions = all_regions(scenario.name_regions)
    shares = np.zeros((len(scenario.cities) + 1, len(regions) + 1))
    for row, city in zip(shares, scenario.cities, strict=False):
        row[:-1] = [city.regions.get(region, 0.0) if city.regions else 1.0 for region in regions]
    shares[-1, -1] = 1.0
    return Choices(shares)


def words_of(scenario: Scenario, use: str, u: F64, region: I64, era: I64 | None = None) -> pl.Series:
    """One of the use's words for each of the uniform draws, which is a word of the region, as it was in the era."""
    words = scenario.names[use]
    if use in scenario.name_regions:
        which = _of_regions(scenario, use).draw(region, u)
    else:
        which = (u * len(words)).astype(np.int64)
    if era is None or use not in scenario.name_changes:
        return pl.Series(words, dtype=pl.String)[which]
    changed, days = scenario.name_changes[use], _changes(scenario)
    ever = [
        changed[word].before
        if word in changed and nth <= np.searchsorted(days, day_number(changed[word].since))
        else word
        for nth in range(len(days) + 1)
        for word in words
    ]
    return pl.Series(ever, dtype=pl.String)[era * len(words) + which]


@lru_cache(maxsize=16)
def _changes(scenario: Scenario) -> I64:
    """The days on which some word becomes another one."""
    days = {day_number(change.since) for words in scenario.name_changes.values() for change in words.values()}
    return np.array(sorted(days), dtype=np.int64)


@lru_cache(maxsize=64)
def _of_regions(scenario: Scenario, use: str) -> Choices:
    """The use's words that are met in each region and, last, those met in most of them."""
    words, regions = scenario.name_regions[use], all_regions(scenario.name_regions)
    met = np.array([[not of or region in of for of in words] for region in regions], dtype=np.float64)
    most = (met.mean(axis=0) > 0.5).astype(np.float64)
    table = np.concatenate([met, most[None]])
    table[~table.any(axis=1)] = 1.0  # who has no word of their own has any
    return Choices(table)


def chosen_pattern(scenario: Scenario, use: str, key: tuple[I64, ...]) -> I64:
    patterns = len(scenario.names[use])
    return (uniform_of(scenario, f"pattern.{use}", *key) * patterns).astype(np.int64)


def uniform_of(scenario: Scenario, salt: str, *key: I64) -> F64:
    return hashed_uniforms(scenario.seed, f"names.{salt}", *key)
