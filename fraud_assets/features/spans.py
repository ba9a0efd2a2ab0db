"""Lengths of time as the registry writes them."""

from __future__ import annotations

from datetime import timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """The length of a window such as ``5m``, ``24h`` or ``84d``; an empty text is no time at all.

    Raises
    ------
    ValueError
        If the text is not a whole number and one of m, h, d.
    """
    if not text:
        return timedelta()
    if text[-1] not in _UNITS or not text[:-1].isdigit():
        raise ValueError(f"window {text!r} is not of the form 5m, 24h or 84d")
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
