"""Which rows of a month stand for all of them, where a statistic needs no more: always the same ones."""

from __future__ import annotations

import polars as pl

_PARTS = 65_536


def some_rows(rows: int, most: int) -> pl.Expr:
    """True for about ``most`` of ``rows`` rows, by ``transaction_id``; for all of them where there are no more.

    Ids are hashes that tell nothing, so the rows with a small remainder are a random sample, and the same one whenever
    and wherever it is drawn.
    """
    return pl.col("transaction_id") % _PARTS < _kept(rows, most)


def rule(rows: int, most: int) -> str:
    """The rule in words, for a report."""
    kept = _kept(rows, most)
    return "all payments" if kept == _PARTS else f"payments whose transaction_id modulo {_PARTS:,} is below {kept:,}"


def _kept(rows: int, most: int) -> int:
    return _PARTS if rows <= most else max(1, most * _PARTS // rows)
