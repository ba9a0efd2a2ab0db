"""The same bytes for any month, in any order, by one thread or two, for the banks beside us_bank."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator

BANKS = ("india_bank", "crypto_wallet")
TABLES = (generator.transaction_chunks, generator.label_chunks, generator.login_chunks, generator.device_chunks)


@lru_cache
def _small(name: str) -> Scenario:
    """A few hundred customers with as much to do as gives each table several chunks, and frauds in every month."""
    shipped = Scenario.load(name)
    people = shipped.population.model_copy(update={"customers": 700})
    fraud = shipped.fraud.model_copy(update={"rate": 0.02})
    return shipped.model_copy(update={"seed": shipped.seed + 1, "population": people, "fraud": fraud})


def _bytes(jobs: list[generator.Chunk], threads: int) -> list[bytes]:
    def written(job: generator.Chunk) -> bytes:
        return job().hash_rows(seed=1).to_numpy().tobytes()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(written, jobs))


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "CHUNK_ROWS", 4_000)  # a unit each


@pytest.mark.parametrize("name", BANKS)
def test_neither_order_nor_threads_nor_other_months_change_a_row(name: str) -> None:
    bank = _small(name)
    months = [Month.parse("2024-05"), Month.parse("2024-06")]
    jobs = [chunk for month in months for table in TABLES for chunk in table(bank, month)]
    forwards = _bytes(jobs, 1)
    assert len(forwards) > 2 * len(TABLES)
    # Another scenario object has caches of its own: what was worked out before cannot help.
    other = bank.model_copy(update={"title": "the same bank"})
    again = [chunk for month in months for table in TABLES for chunk in table(other, month)]
    assert _bytes(again[::-1], 2)[::-1] == forwards


def test_a_ledger_of_many_chunks_is_the_same_in_half_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, month = _small("crypto_wallet"), Month.parse("2024-05")
    people = bank.population.model_copy(update={"customers": 2_200})
    bank = bank.model_copy(update={"population": people})
    wide = generator.transaction_chunks(bank, month)
    ledger = pl.concat([chunk() for chunk in wide])
    monkeypatch.setattr(generator, "_DOUBLED", ())
    narrow = generator.transaction_chunks(bank, month)
    assert (len(wide), len(narrow)) == (5, 9)
    assert pl.concat([chunk() for chunk in narrow]).equals(ledger)


@pytest.mark.parametrize("name", BANKS)
def test_the_truth_names_rows_that_are_there(name: str) -> None:
    bank, month = _small(name), Month.parse("2024-06")
    ledger = pl.concat([chunk() for chunk in generator.transaction_chunks(bank, month)])
    labels = pl.concat([chunk() for chunk in generator.label_chunks(bank, month)])
    same = ["transaction_id", "customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id"]
    assert labels["is_fraud"].any()
    assert len(labels.join(ledger, on=same, how="semi", nulls_equal=True)) == len(labels)
