"""Intervals resample clusters, not rows, and comparisons share their draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.evaluation.intervals import Resampler, clusters, interval, wilson
from fraud_assets.evaluation.ranking import Steps


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.sampled_from([0.02, 0.3]))
def test_an_interval_is_ordered_inside_0_1_and_the_same_each_time(seed: int, customers: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    n = 400
    customer, y = rng.integers(0, customers, n), rng.random(n) < rate
    score = (rng.random(n) + y * rng.random()).round(1)
    found = [Resampler(clusters(customer, np.full(n, -1), y), 60, seed=3).ranking(score, y, 0.1) for _ in range(2)]
    assert np.array_equal(found[0].average_precision, found[1].average_precision, equal_nan=True)
    for draws in (found[0].average_precision, found[0].roc_auc, found[0].recall_at_budget):
        usable = draws[np.isfinite(draws)]
        assert ((usable >= 0) & (usable <= 1 + 1e-12)).all()
        estimate = interval(0.5, draws)
        assert not estimate.low > estimate.high


def test_a_replicate_is_the_metric_of_rows_repeated_as_often_as_their_cluster_was_drawn() -> None:
    rng = np.random.default_rng(5)
    n = 600
    customer, y = rng.integers(0, 40, n), rng.random(n) < 0.1
    campaign = np.where(y, rng.integers(0, 9, n), -1)
    score = (rng.random(n) + 0.4 * y).round(2)
    cluster = clusters(customer, campaign, y)
    draws = Resampler(cluster, 25, seed=1)
    ranked = draws.ranking(score, y, 0.05)
    for replicate in range(25):
        times = draws._weights[:, replicate][cluster]
        steps = Steps.of(np.repeat(score, times), np.repeat(y, times))
        assert ranked.average_precision[replicate] == pytest.approx(steps.average_precision()[0])
        assert ranked.roc_auc[replicate] == pytest.approx(steps.roc_auc()[0])
        assert ranked.recall_at_budget[replicate] == pytest.approx(steps.caught_at_budget(0.05)[0][0])
        assert draws.sums(score)[replicate] == pytest.approx((score * times).sum())


def test_the_frauds_of_a_campaign_are_drawn_together_and_apart_from_their_victims_other_rows() -> None:
    customer = np.array([7, 7, 8, 8, 9])
    y = np.array([True, False, True, False, False])
    campaign = np.array([3, -1, 3, -1, -1])
    cluster = clusters(customer, campaign, y)
    assert cluster[0] == cluster[2]
    assert len(set(cluster[[0, 1, 3, 4]])) == 4
    assert sorted(set(cluster)) == [0, 1, 2, 3]


def test_few_large_campaigns_give_a_wider_interval_than_as_many_single_frauds() -> None:
    rng = np.random.default_rng(2)
    n, frauds = 20_000, 200
    y = np.arange(n) < frauds
    easy = np.repeat(rng.random(10) < 0.5, 20)  # a campaign is found as a whole or not at all
    score = rng.random(n) * 0.5
    score[:frauds] += easy * 0.6
    customer = rng.integers(0, 2_000, n)

    def width(campaign: np.ndarray) -> float:
        draws = Resampler(clusters(customer, campaign, y), 200, 1).ranking(score, y, 0.01).average_precision
        estimate = interval(0.0, draws)
        return estimate.high - estimate.low

    campaigns = np.where(y, np.arange(n) // 20, -1)
    singles = np.where(y, np.arange(n), -1)
    assert width(campaigns) > 2 * width(singles)


def test_nominal_95_percent_intervals_of_a_share_contain_it_about_as_often() -> None:
    rng = np.random.default_rng(4)
    inside = 0
    for trial in range(120):
        y = rng.random(300) < 0.3
        estimate = Resampler(np.arange(300), 200, trial).share(y.astype(np.float64), np.ones(300))
        inside += estimate.low <= 0.3 <= estimate.high
    assert 0.87 <= inside / 120 <= 1.0


@pytest.mark.parametrize("campaigns", [1, 4])
def test_of_few_campaigns_a_share_has_an_honest_interval_and_nothing_else_has_one(campaigns: int) -> None:
    rng, inside = np.random.default_rng(9), 0
    for trial in range(200):
        cluster = np.repeat(np.arange(campaigns), rng.integers(5, 40, campaigns))
        caught = (rng.random(campaigns) < 0.4)[cluster].astype(np.float64)  # as a whole or not at all
        draws = Resampler(cluster, 40, trial)
        estimate = draws.share(caught, np.ones(len(cluster)))
        inside += estimate.low <= 0.4 <= estimate.high
        for other in (draws.total(caught + 1, caught >= 0), draws.quotient(caught + 1, caught + 2)):
            assert np.isnan([other.low, other.high]).all()
    assert inside / 200 >= 0.9
    honest = np.arange(campaigns, campaigns + 30)  # only what is measured counts: 30 honest customers do not
    y = np.arange(len(cluster) + 30) < len(cluster)
    draws = Resampler(np.concatenate([cluster, honest]), 40, 1)
    assert np.isnan(interval(0.5, draws.ranking(rng.random(len(y)), y, 0.1).average_precision).low)
    assert np.isnan(draws.total(np.ones(len(y)), y).low)


def test_all_or_none_found_still_has_an_interval_with_a_width() -> None:
    draws = Resampler(np.arange(30) // 10, 50, 1)
    none = draws.share(np.zeros(30), np.ones(30))
    everything = draws.share(np.ones(30), np.ones(30))
    assert (none.value, none.low) == (0, 0)
    assert none.high == wilson(0.0, 3).high > 0.4  # three clusters, not thirty rows
    assert everything.low < 0.6
    assert np.isnan(draws.share(np.zeros(30), np.zeros(30)).value)


def test_a_paired_difference_is_tighter_than_the_intervals_of_both() -> None:
    rng = np.random.default_rng(6)
    n = 30_000
    y = rng.random(n) < 0.01
    campaign = np.where(y, rng.integers(0, 40, n), -1)
    latent = rng.normal(size=n) + y * (2 + np.where(y, campaign % 5 - 2, 0))
    draws = Resampler(clusters(rng.integers(0, 900, n), campaign, y), 200, 1)
    better, worse = draws.ranking(latent, y, 0.01), draws.ranking(latent + 0.3 * rng.normal(size=n), y, 0.01)
    alone = np.ptp(np.quantile(better.average_precision, [0.025, 0.975]))
    paired = np.ptp(np.quantile(better.average_precision - worse.average_precision, [0.025, 0.975]))
    assert paired < 0.7 * alone
