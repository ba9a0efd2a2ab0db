"""The texts of names.csv: patterns of names, and the words in them, of which some belong to regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from fraud_assets.scenario.sections.lines import City
from fraud_assets.scenario.sections.values import Section

#: Words that a pattern may use without names.csv having them, by use of the pattern.
_GIVEN = {
    "shop": {"kind"},
    "site": {"kind"},
    "person": {"number", "mobile", "digits", "hex", "bech", "base58"},
    "account": {"number", "mobile", "digits", "hex", "bech", "base58"},
}
_OPTIONAL = {"account"}  # without it, an account is written as a person is


def _patterns(names: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for use, given in _GIVEN.items():
        if use not in names:
            if use in _OPTIONAL:
                continue
            needed = ", ".join(use for use in _GIVEN if use not in _OPTIONAL)
            raise ValueError(f"there is no pattern with use {use!r}; {needed} are needed")
        for pattern in names[use]:
            try:
                words = placeholders(pattern)
            except ValueError as error:
                raise ValueError(f"{use} {pattern!r} is no pattern: {error}") from None
            if unknown := sorted({word.rstrip("2") for word in words} - given - set(names)):
                known = ", ".join(sorted((given | set(names)) - set(_GIVEN)))
                raise ValueError(f"{use} {pattern!r} asks for {', '.join(unknown)}; there are {known}")
    _check_signs(names)
    return names


def _check_signs(names: dict[str, tuple[str, ...]]) -> None:
    """Words in which others are named, in braces, as the signs of shops may be."""
    for use in set(names) - set(_GIVEN):
        for sign in names[use]:
            try:
                words = placeholders(sign)
            except ValueError as error:
                raise ValueError(f"{use} {sign!r} is no pattern: {error}") from None
            if unknown := sorted({word.rstrip("2") for word in words} - {"kind"} - set(names)):
                raise ValueError(f"{use} {sign!r} asks for {', '.join(unknown)}; there are {', '.join(sorted(names))}")
            for word in {word.rstrip("2") for word in words} & set(names):
                if word in _GIVEN or any("{" in text for text in names[word]):
                    raise ValueError(
                        f"{use} {sign!r} asks for {word}, whose texts have braces of their own; ask for words"
                    )


def placeholders(pattern: str) -> list[str]:
    """The names in braces, in order: ``owner`` and ``kind`` of ``{owner}'s {kind}``."""
    return [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]


#: names.csv: use -> its texts. Uses ``shop`` (a local merchant), ``site`` (a small online shop), ``person`` (a person
#: as recipient) and, if it is written otherwise, ``account`` (a person who is paid from account to account) are
#: patterns; every other use is a list of words that the patterns name in braces, ``{word2}`` being another ``{word}``.
#: Given are ``{kind}`` of shop; of a person the ten-digit ``{number}`` of the account, the same as a telephone number
#: (``{mobile}``, first digit 6 to 9) and its last ``{digits}``; and, of the account as an address of tokens, 40 digits
#: of ``{hex}``, 38 characters of ``{bech}`` or 33 of ``{base58}``. A use that is called as a sub-category is what local
#: shops of the kind, online too, have on their signs: instead of ``{kind}`` or, with braces, of all of the name.
Names = Annotated[
    dict[str, Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]],
    AfterValidator(_patterns),
]

#: Regions of each text of a use, in the order of the texts; none for a word that is met everywhere.
Regions = dict[str, tuple[tuple[str, ...], ...]]


class Change(Section):
    """What a word of names.csv was before a day: its columns ``before`` and ``since``."""

    before: Annotated[str, Field(min_length=1)]
    since: date


#: By use and word.
Changes = dict[str, dict[str, Change]]


class MistakeIn(ValueError):
    """A mistake that shows in several files together, and the one of them in which it is to be mended."""

    def __init__(self, file: str, said: str) -> None:
        super().__init__(said)
        self.file = file


def check_regions(names: Mapping[str, Sequence[str]], regions: Regions, cities: Sequence[City]) -> None:
    """Raise MistakeIn, one sentence, where words and cities do not speak of the same regions."""
    for use, words in regions.items():
        if len(words) != len(names.get(use, ())):
            raise MistakeIn(
                "names.csv",
                f"{use} has {len(names.get(use, ()))} texts and regions for {len(words)}; each text has its own",
            )
    for use in set(_GIVEN) & set(regions):
        for pattern, of in zip(names[use], regions[use], strict=True):
            if of:
                raise MistakeIn("names.csv", f"{use} {pattern!r} is a pattern; only the words in it have a region")
    known = all_regions(regions)
    for city in cities:
        if regions and (unknown := sorted(set(city.regions) - set(known))):
            raise MistakeIn("cities.csv", f"city {city.city}: region {unknown[0]!r} is none of names.csv, {known}")
        for use, words in regions.items():
            for region in city.regions if use not in _GIVEN else ():
                if not any(not of or region in of for of in words):
                    raise MistakeIn("names.csv", f"city {city.city}: names.csv has no {use} for its region {region!r}")


def all_regions(regions: Regions) -> list[str]:
    """The regions that words belong to, by name."""
    return sorted({region for words in regions.values() for of in words for region in of})
