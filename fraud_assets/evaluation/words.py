"""How figures and names are written in reports: one place, so that text, tables and charts agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Write = Callable[[float | None], str]

_SPELLED = {"xgboost": "XGBoost", "cvv": "CVV", "pin": "PIN"}
_TITLES = {"first_party_bust_out": "First-party bust-out", "ring_bust_out": "Ring bust-out"}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥"}
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
_MONTHS += ["November", "December"]
#: Behind a type that is called found best or worst: rows of one campaign stand or fall together, so that a share of a
#: few rows, or of many in one campaign, says little of the type.
_FIRM_CAMPAIGNS, _FIRM_ROWS = 3, 20
_POLICIES = {
    "approve_everything": "Approve everything",
    "refuse_everything": "Refuse everything",
    "review_largest_amounts": "Review the largest amounts",
    "review_highest_scores": "Review the highest scores",
    "review_most_at_stake": "Review score × amount",
    "decisions": "The model’s decisions",
    "ideal": "Someone who knows the truth",
}


def policy(name: str, labels: str) -> str:
    """A policy's name; nobody knows more than what was reported where ``labels`` are ``reports``."""
    return "Whoever knew the reports" if name == "ideal" and labels == "reports" else _POLICIES[name]


def title(name: str) -> str:
    """A column's or type's name for people: ``xgboost_2024-02`` -> ``XGBoost 2024-02``; a range gets its dash."""
    if name in _TITLES:
        return _TITLES[name]
    first, *others = name.split("_")
    if len(others) == 1 and first[:1].isdigit() and others[0][:1].isdigit():
        return f"{first}–{others[0]}"
    rest = [_SPELLED.get(word, word) for word in others]
    return " ".join([_SPELLED.get(first, first[:1].upper() + first[1:]), *rest])


def number(value: float | None, digits: int = 2) -> str:
    """``0.54``; more digits where the first ones would be zeros; a dash for what cannot be had."""
    if value is None:
        return "–"
    if value != 0 and abs(value) < 10**-digits:
        return _minus(f"{value:.1g}" if abs(value) >= 1e-4 else f"{value:.0e}")
    return _minus(f"{value:.{digits}f}")


def rounded(value: float | None) -> str:
    """``1234``, ``0.05612``: four digits of whatever size, with a true minus sign."""
    return "–" if value is None else _minus(f"{value:.4g}")


def _minus(text: str) -> str:
    """With a true minus sign in front of what is below zero."""
    return text.replace("-", "−", 1) if text.startswith("-") else text


def signed(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:+z.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """``59%``, ``2.6%``, ``0.26%``, ``100%``: two digits, since most of what is a share here is small; or a dash."""
    if value is None:
        return "–"
    size = abs(value)
    if value == 0 or size >= 0.0995:
        return _minus(f"{value:.0%}")
    return _minus(f"{value:.1%}" if size >= 0.00995 else f"{value:.2%}" if size >= 0.000995 else f"{value * 100:.2g}%")


def count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def ordinal(value: int) -> str:
    """``2nd``, ``11th``, ``21st``."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{ending}"


def money(value: float | None, currency: str) -> str:
    """``$162,913``, ``CHF 12``; a true minus sign in front of what is below zero."""
    if value is None:
        return "–"
    sign = "−" if round(value) < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,.0f}"


def price(value: float | None, currency: str) -> str:
    """``$4.99``, ``$2,500``: with cents where they matter."""
    if value is None:
        return "–"
    is_round = abs(value) >= 1000 or (abs(value) >= 100 and value == round(value))
    return f"{_SYMBOLS.get(currency, f'{currency} ')}{value:,.{0 if is_round else 2}f}"


def spread(estimate: dict[str, Any], write: Write = number) -> str:
    """``0.44 to 0.65``; empty without an interval."""
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"{write(estimate['low'])} to {write(estimate['high'])}"


def with_spread(estimate: dict[str, Any] | None, write: Write = number) -> str:
    """``0.54 (0.44 to 0.65)``."""
    if estimate is None:
        return "–"
    inside = spread(estimate, write)
    return write(estimate["value"]) + (f" ({inside})" if inside else "")


def formatted(estimate: dict[str, Any], form: str) -> str:
    """``0.540 (0.440 to 0.650)`` in a format of Python's, for Markdown; nothing for what cannot be had."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return ""
    is_whole = all(end is not None and end == end for end in (low, high))
    return f"{value:{form}} ({low:{form}} to {high:{form}})" if is_whole else f"{value:{form}}"


def month_name(key: str) -> str:
    """``2024-03`` -> ``March 2024``, in English whatever the machine's locale."""
    year, month = key.split("-")
    return f"{_MONTHS[int(month) - 1]} {year}"


def delay_name(days: int | None) -> str:
    """``Truth``, ``End of month``, ``30 days later``."""
    if days is None:
        return "Truth"
    return f"{days} days later" if days else "End of month"


def best_and_worst(types: list[dict[str, Any]]) -> str:
    """Which types are found best and worst, of those with enough behind them; nobody where fewer than two have.

    Parameters
    ----------
    types
        ``fraud_types`` of a report, the best found first.
    """
    firm = [row for row in types if row["campaigns"] >= _FIRM_CAMPAIGNS and row["frauds"] >= _FIRM_ROWS]
    enough = f"at least {_FIRM_CAMPAIGNS} campaigns and {_FIRM_ROWS} rows"
    if len(firm) < 2:
        return f"No two types have {enough}, so none is called found best or worst."
    text = extremes([(title(row["fraud_type"]), row["recall_at_budget"]["value"]) for row in firm])
    least, most = firm[0]["recall_at_budget"]["low"], firm[-1]["recall_at_budget"]["high"]
    if not text.startswith("All") and None not in (least, most) and most >= least:
        text += ", but their intervals overlap"
    if len(firm) == len(types):
        return f"{text}. Each type has {enough}."
    return f"{text}. Only the {len(firm)} of {len(types)} types with {enough} are compared."


def extremes(found: list[tuple[str, float | None]]) -> str:
    """Which types are found best and which worst; all that are level are named, as far as figures are written.

    Parameters
    ----------
    found
        Name and recall, the best first.
    """
    shown = [percent(value) for _, value in found]
    best = [name for (name, _), share in zip(found, shown, strict=True) if share == shown[0]]
    worst = [name for (name, _), share in zip(found, shown, strict=True) if share == shown[-1]]
    first = best[0] if len(best) == 1 else _named([best[0], *(name.lower() for name in best[1:])])
    text = f"{first} {'is' if len(best) == 1 else 'are'} found best ({shown[0]})"
    if shown[0] == shown[-1]:
        return text if len(found) == 1 else f"All {len(found)} types are found alike ({shown[0]})"
    return f"{text}, {_named([name.lower() for name in worst])} worst ({shown[-1]})"


def _named(names: list[str]) -> str:
    """At most four names."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
