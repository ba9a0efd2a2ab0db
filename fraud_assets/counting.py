"""Counted nouns: ``1 row``, ``2,300 rows``."""

from __future__ import annotations


def counted(number: float | None, noun: str, plural: str | None = None) -> str:
    """A whole number with its noun, which may have words before and behind it; a dash for what cannot be had.

    Parameters
    ----------
    noun
        In the singular, such as ``fraud row`` or ``row is``.
    plural
        If it is not the singular and an ``s``.
    """
    if number is None:
        return f"– {plural or f'{noun}s'}"
    return f"{number:,.0f} {noun if number == 1 else plural or f'{noun}s'}"
