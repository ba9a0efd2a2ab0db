"""Trials and sprees at devices that are not known: the honest twins of card testers and of scripts."""

from __future__ import annotations

import numpy as np
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.episodes import SPREE, TRIAL, episodes
from fraud_assets.simulation.fraud.lookalikes import lookalikes, of_episodes
from fraud_assets.simulation.guests import VISIT_SECONDS, visits
from fraud_assets.simulation.intents import DECLINED, ONLINE, SECOND, Bank, Intents
from fraud_assets.simulation.streams import I64
from fraud_assets.simulation.traits import units

US = Scenario.load("us_bank")
MARCH = Month.parse("2024-03")


@pytest.fixture(scope="module")
def bank() -> Scenario:
    """Whoever turns to another device signs up there, or plays there."""
    kinds = {kind: episode for kind, episode in US.episodes.items() if kind in ("trial", "spree")}
    often = {kind: episode.model_copy(update={"share": 0.5}) for kind, episode in kinds.items()}
    people = US.population.model_copy(update={"customers": 600})
    return US.model_copy(update={"population": people, "episodes": often})


@pytest.fixture(scope="module")
def played(bank: Scenario) -> tuple[Bank, Intents, I64]:
    everybody = Bank(bank, tuple(units(bank)))
    return everybody, *episodes(everybody, MARCH)


def test_what_is_paid_at_a_visit_begins_during_it(played: tuple[Bank, Intents, I64]) -> None:
    bank, rows, _ = played
    found = [visits(bank.scenario, month, bank.units) for month in (MARCH - 1, MARCH)]
    begun = {(int(w), int(s)) for part in found for w, s in zip(part.who, part.start_us, strict=True)}
    by_customer: dict[int, list[int]] = {}
    for who, start in begun:
        by_customer.setdefault(who, []).append(start)
    inside = [
        any(0 <= at - start < VISIT_SECONDS * SECOND for start in by_customer.get(int(who), []))
        for who, at in zip(rows.who, rows.event_us, strict=True)
    ]
    assert len(rows) > 1000
    assert np.mean(inside) > 0.95  # a spree may outlast the visit


def test_an_analyst_takes_them_for_card_tests_and_for_scripts(played: tuple[Bank, Intents, I64]) -> None:
    bank, rows, kind = played
    names = sorted(bank.scenario.fraud.types)
    taken = lookalikes(bank, of_episodes(bank, rows, kind))
    assert np.mean(taken[kind == TRIAL] == names.index("card_testing")) > 0.95
    assert np.mean(taken[kind == SPREE] == names.index("velocity_abuse")) > 0.95
    assert (bank.channel[rows.category] == ONLINE).all()
    tiny = rows.cents <= 200
    refused = rows.status == DECLINED
    assert 0.45 < tiny[kind == TRIAL].mean() < 0.8
    assert 0.35 < refused[kind == TRIAL].mean() < 0.7
    assert 0.1 < refused[kind == SPREE].mean() < 0.45


def test_units_alone_play_what_they_play_together(bank: Scenario, played: tuple[Bank, Intents, I64]) -> None:
    _, rows, _ = played
    apart = [episodes(Bank(bank, (unit,)), MARCH)[0] for unit in units(bank)]
    for column in ("transaction_id", "event_us", "cents", "merchant", "status"):
        alone = np.concatenate([getattr(part, column) for part in apart])
        together = getattr(rows, column)
        order = [np.argsort(ids) for ids in (np.concatenate([p.transaction_id for p in apart]), rows.transaction_id)]
        assert np.array_equal(alone[order[0]], together[order[1]]), column
