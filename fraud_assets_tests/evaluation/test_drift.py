"""Drift: what moved is named, what holds still raises no alarm, and short histories say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp
from sklearn.ensemble import RandomForestClassifier

from fraud_assets.assets.drift import _held_out_from, _look_back, _sample
from fraud_assets.evaluation.drift import MonthSample, drift_figures, drift_markdown, drift_page, measure_drift
from fraud_assets.evaluation.drift.charts import drift_charts
from fraud_assets.evaluation.drift.score import NEEDED
from fraud_assets.evaluation.drift.shift import Bins, kolmogorov_smirnov, psi
from fraud_assets.evaluation.drift.usual import limits
from fraud_assets.features.registry import REGISTRY
from fraud_assets.months import Month
from fraud_assets_tests.evaluation.pages import Page, assert_self_contained

KEYS = [f"2024-{number:02d}" for number in range(1, 7)]


def month(key: str, rng: np.random.Generator, rows: int = 1_500, **spoiled: Any) -> MonthSample:
    """A month of 100 customers with habits of their own, so that rows are not independent."""
    customer = rng.integers(0, 100, rows)
    habit = np.random.default_rng(0).normal(size=(2, 100))
    columns = {
        "amount": np.exp(habit[0, customer] + rng.normal(size=rows)),
        "share": np.where(rng.random(rows) < 0.1, np.nan, habit[1, customer] + rng.normal(size=rows)),
        "is_night": rng.random(rows) < 0.2,
        "channel": rng.choice(["app", "online", "bank"], rows, p=[0.6, 0.3, 0.1]),
        "nothing": np.full(rows, np.nan),
        "risk": rng.beta(1, 50, rows),
    }
    columns["score"] = columns["risk"]
    frame = pl.DataFrame({"customer_id": customer, **columns, **{k: v(columns[k]) for k, v in spoiled.items()}})
    return MonthSample(key, rows, frame.with_columns(pl.col("share", "nothing").fill_nan(None)))


def measured(seed: int, months: int = 6, **spoiled: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    keys = KEYS[:months]
    samples = [month(key, rng, **(spoiled if key == keys[-1] else {})) for key in keys]
    rates = [{"month": key, "rows": 1_500, "alerts": int(rng.binomial(1_500, 0.02))} for key in keys]
    return measure_drift("A bank", samples, keys[:-1], champion="xgboost", alerts=rates)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("amount", lambda x: x * 2),
        ("share", lambda x: np.where(np.arange(len(x)) % 3 == 0, np.nan, x)),
        ("channel", lambda x: np.where(np.arange(len(x)) % 4 == 0, "phone", x)),
        ("is_night", lambda x: x | (np.arange(len(x)) % 5 == 0)),
    ],
)
def test_the_feature_that_moved_is_named_and_no_other(name: str, spoil: Any) -> None:
    found = measured(3, **{name: spoil})
    assert found["alarms"]["features"] == [name]
    assert found["features"][0]["name"] == name
    assert not found["alarms"]["score"]
    assert name in drift_markdown(found)


def test_stable_months_raise_no_alarm() -> None:
    for seed in range(8):
        found = measured(seed)
        assert found["limits"]["there_are"]
        assert found["alarms"] == {"features": [], "score": False, "adversary": False, "alert_rate": False}, seed


def test_the_adversary_finds_what_no_single_feature_shows() -> None:
    rng = np.random.default_rng(5)

    def pair(key: str, sign: int) -> MonthSample:
        x = rng.normal(size=2_000)
        y = sign * x + rng.normal(scale=0.3, size=2_000)
        frame = pl.DataFrame({"customer_id": rng.integers(0, 200, 2_000), "x": x, "y": y, "still": rng.random(2_000)})
        # What all payments of a month share gives any month away, and what never changes gives none.
        frame = frame.with_columns(
            *(pl.Series(f"of_the_month_{k}", rng.random() + rng.random(2_000) / 99) for k in range(3)),
            constant=pl.lit(1.0),
        )
        return MonthSample(key, 2_000, frame)

    samples = [pair(key, -1 if key == KEYS[-1] else 1) for key in KEYS]
    found = measure_drift("A bank", samples, KEYS[:-1], champion="xgboost")
    assert found["alarms"]["features"] == []
    assert found["alarms"]["adversary"]
    assert {row["name"] for row in found["adversary"]["features"][:2]} == {"x", "y"}
    assert found["score"] is None


def test_a_jump_of_the_alert_rate_is_out_of_control() -> None:
    rng = np.random.default_rng(1)
    samples = [month(key, rng) for key in KEYS]
    rates = [{"month": key, "rows": 20_000, "alerts": 100 + k} for k, key in enumerate(KEYS[:-1])]
    found = measure_drift(
        "A bank", samples, KEYS[:-1], alerts=[*rates, {"month": KEYS[-1], "rows": 20_000, "alerts": 300}]
    )
    assert found["alarms"]["alert_rate"]
    assert found["alert_rate"]["low"] < 0.005 < found["alert_rate"]["high"] < 0.015
    assert found["champion"] is None
    assert not found["reference"]["is_training"]


def test_distances_are_those_of_the_books() -> None:
    rng = np.random.default_rng(2)
    for ties in (False, True):
        a, b = rng.normal(size=700), rng.normal(0.2, 1.1, size=400)
        if ties:
            a, b = a.round(), b.round()
        ours = kolmogorov_smirnov(np.sort(a.astype(np.float32)), np.sort(b.astype(np.float32)))
        assert ours == pytest.approx(ks_2samp(a.astype(np.float32), b.astype(np.float32)).statistic)
    p, q = np.array([500.0, 300, 200]), np.array([400.0, 400, 200])
    expected = ((q - p) / 1000 * np.log(q / p)).sum()
    assert psi(p, q) == pytest.approx(expected, rel=0.01)
    assert psi(p, 2 * p) < 1e-5
    tenths = Bins.of(np.sort(rng.random(10_000).astype(np.float32)))
    flags = Bins.of(np.array([0, 0, 1, 1], dtype=np.float32))
    assert psi(flags.counts(np.zeros(50, np.float32)), flags.counts(np.full(50, 7, np.float32))) > 1
    assert tenths.counts(np.linspace(0, 1, 1_000, dtype=np.float32))[:-1] == pytest.approx(np.full(10, 100), abs=15)


def test_limits_keep_their_promise_on_figures_that_vary_by_chance() -> None:
    rng = np.random.default_rng(9)
    months, figures, reports = 5, 40, 1_500
    out = sum(
        bool((rng.normal(size=figures) > limits(rng.normal(size=(months, figures)))[1]).any()) for _ in range(reports)
    )
    assert out / reports < 0.03
    assert np.isnan(limits(rng.normal(size=(1, 3)))[1]).all()


def test_without_enough_months_figures_stand_without_limits_and_the_report_says_so() -> None:
    rng = np.random.default_rng(4)
    alone = measure_drift("A bank", [month(KEYS[0], rng)], [])
    assert alone["status"] == "empty"
    assert "first month" in drift_page(alone)
    assert drift_figures(alone) == {}
    samples = [month(KEYS[0], rng), month(KEYS[1], rng, amount=lambda x: x * 9)]
    second = measure_drift("A bank", samples, KEYS[:1], champion="xgboost")
    assert second["alarms"]["features"] == []
    assert second["features"][0]["name"] == "amount"
    assert second["features"][0]["psi_limit"] is None
    assert second["absent"] == ["nothing"]
    assert "not known yet" in drift_markdown(second)
    assert "features beyond limits" not in drift_figures(second)
    empty = MonthSample(KEYS[2], 0, samples[0].frame.clear())
    assert measure_drift("A bank", [*samples, empty], KEYS[:2])["status"] == "empty"
    assert measure_drift("A bank", [samples[0], empty, samples[1]], KEYS[:1])["status"] == "measured"


def test_the_page_is_self_contained_and_shows_every_chart() -> None:
    found = measured(1, amount=lambda x: x * 3)
    json.dumps(found, allow_nan=False)
    page = drift_page(found)
    assert_self_contained(page)
    seen = Page(page)
    assert {f"data-{place}" for place in seen.places()} == set(seen.data)
    assert {"chart-shift", "chart-months", "chart-adversary", "chart-alert_rate", "chart-score"} <= seen.places()
    assert "amount moved most" in seen.text


def scored_by_heart(rng: np.random.Generator, months: int, shift: float = 0.0, **more: Any) -> list[MonthSample]:
    """Months after two training months, of whose last week alone there are scores; the last month's are shifted."""
    samples = []
    for k in range(months + 2):
        frame = pl.DataFrame({"customer_id": rng.integers(0, 100, 1_500), "amount": rng.random(1_500)})
        score = rng.normal(-4, 1, 1_500) + (shift if k == months + 1 else 0)
        score[: 1_500 if k == 0 else 1_100 if k == 1 else 0] = np.nan
        columns = {name: values(k) for name, values in more.items()}
        frame = frame.with_columns(score=pl.Series(score).fill_nan(None), **columns)
        samples.append(MonthSample(f"2024-{k + 1:02d}", 1_500, frame))
    return samples


def drift_of(samples: list[MonthSample], **more: Any) -> dict[str, Any]:
    return measure_drift("A bank", samples, ["2024-01", "2024-02"], champion="forest", **more)


def test_the_score_has_no_limit_until_three_months_after_the_training() -> None:
    rng = np.random.default_rng(6)
    for months in range(1, 6):
        found = drift_of(scored_by_heart(rng, months, shift=3.0))
        assert found["score"]["reference"] == {"months": ["2024-02"], "is_held_out": True, "rows": 400}
        assert found["alarms"]["score"] == (months - 1 >= NEEDED), months
        assert found["score"]["psi"] > 1
        assert (found["score"]["psi_limit"] is None) == (months - 1 < NEEDED)
        assert ("No limit yet" in drift_page(found)) == (months - 1 < NEEDED)


def test_a_score_that_holds_still_after_the_training_raises_no_alarm() -> None:
    alarms = sum(drift_of(scored_by_heart(np.random.default_rng(k), 5))["alarms"]["score"] for k in range(12))
    assert alarms == 0


INPUTS = ["amount_log", "hour_sin", "km_from_home", "tenure_days"]


class Forest:
    """An overfitting champion: it has learned labels by heart that have nothing to do with the payments."""

    def __init__(self, fitted_on: pl.DataFrame) -> None:
        self.encoder = SimpleNamespace(features=INPUTS, codes=lambda frame: frame.select(INPUTS).to_numpy())
        labels = np.random.default_rng(1).random(fitted_on.height) < 0.3
        forest = RandomForestClassifier(20, random_state=1, n_jobs=1)
        self._forest = forest.fit(self.encoder.codes(fitted_on), labels)

    def raw_scores(self, codes: Any) -> Any:
        return self._forest.predict_proba(codes)[:, 1]


def test_an_overfitting_champion_raises_no_alarm_in_a_world_that_stands_still() -> None:
    rng = np.random.default_rng(3)
    months = [Month.parse(key) for key in KEYS]
    tables = {}
    for month_ in months:
        time = [month_.start + share * (month_.end - month_.start) for share in np.sort(rng.random(1_200))]
        columns = {"transaction_id": rng.integers(0, 2**40, 1_200), "customer_id": rng.integers(0, 100, 1_200)}
        values = {name: rng.normal(size=1_200) for name in INPUTS}
        tables[month_] = pl.DataFrame({**columns, "event_time": time, **values})
    chain: Any = SimpleNamespace(
        scenario=SimpleNamespace(first=months[0]), table=lambda lake, name, keys: tables[keys[0]].lazy()
    )
    lake: Any = None
    trained_on = months[:2]
    unseen = _held_out_from(trained_on)
    assert unseen == datetime(2024, 2, 9, tzinfo=UTC)  # 2024 has a 29th of February: embargo 7, comparing 14 days
    model: Any = Forest(pl.concat(tables[key] for key in trained_on).filter(pl.col("event_time") < unseen))

    def found(since: datetime) -> dict[str, Any]:
        samples = [_sample(chain, lake, key, model, since) for key in months]
        return measure_drift("A bank", samples, [key.key for key in trained_on], champion="forest")

    honest, by_heart = found(unseen), found(months[0].start)
    assert not honest["alarms"]["score"]
    assert honest["score"]["ks_limit"] is not None
    assert honest["score"]["ks"] < 0.1 < by_heart["score"]["ks"]


def test_a_feature_that_looks_back_to_before_the_bank_is_named_as_filling() -> None:
    rng = np.random.default_rng(8)

    def memory(k: int) -> pl.Series:
        return pl.Series(30.0 * k + np.linspace(0, 30, 1_500, endpoint=False))

    def grows(k: int) -> pl.Series:
        return pl.Series(np.minimum(memory(k).to_numpy(), 84) * rng.random(1_500))

    def found(months: int, grown: Any = grows) -> dict[str, Any]:
        samples = scored_by_heart(rng, months, memory_days=memory, age_days=grown)
        return drift_of(samples, look_back={"age_days": 84.0, "amount": 1.0})

    young = found(3)
    assert young["filling"] == ["age_days"]
    assert young["alarms"]["features"] == []
    assert "still filling" in drift_page(young)
    # Nothing is drawn of it, and in its place it is said why: no bar would look like no drift.
    drawn = drift_charts(young)["shift"]
    bars = dict(zip(drawn["data"][0]["y"], drawn["data"][0]["x"], strict=True))
    assert bars["age_days"] is None
    assert all(x is not None for name, x in bars.items() if name != "age_days")
    notes = {note["y"]: note["text"] for note in drawn["layout"]["annotations"]}
    assert notes == {"age_days": "history still filling"}
    assert "1 more cannot be judged" in drift_markdown(young)
    assert all(row["name"] != "age_days" for row in young["adversary"]["features"])
    # Without a word on look-backs, the growth is what a report would name.
    blind = drift_of(scored_by_heart(rng, 3, age_days=grows))
    assert next(row for row in blind["features"] if row["name"] == "age_days")["psi"] > 0.1
    # The score of features that fill is held against the first month in which they are full.
    old = found(8)
    assert old["score"]["reference"] == {"months": ["2024-04"], "is_held_out": False, "rows": 1_500}


def test_what_reads_reports_is_filling_for_as_long_as_reports_come_in() -> None:
    reads = {name for name, feature in REGISTRY.items() if _look_back(feature) > 90}
    assert {"m_known_fraud_rate_1d", "m_known_fraud_rate_7d", "known_reports_c", "anomaly_x_merchant_risk"} <= reads
    assert not {"payee_age_days_c", "device_age_days_c", "amount_log"} & reads


def test_customers_who_only_grow_older_raise_no_alarm() -> None:
    rng = np.random.default_rng(11)
    months = [Month.parse(key) for key in KEYS]
    joined = rng.integers(-900, 0, 100)
    tables = {}
    for month_ in months:
        time = [month_.start + share * (month_.end - month_.start) for share in np.sort(rng.random(1_200))]
        customer = rng.integers(0, 100, 1_200)
        lived = np.array([(t - months[0].start).days for t in time])
        columns = {"transaction_id": rng.integers(0, 2**40, 1_200), "customer_id": customer, "event_time": time}
        tables[month_] = pl.DataFrame({**columns, "tenure_days": (lived - joined[customer]).astype(np.float32)})
    chain: Any = SimpleNamespace(
        scenario=SimpleNamespace(first=months[0]), table=lambda lake, name, keys: tables[keys[0]].lazy()
    )
    samples = [_sample(chain, None, key, None, None) for key in months]  # type: ignore[arg-type]
    found = measure_drift("A bank", samples, KEYS[:-1])
    assert found["features"][0]["name"] == "tenure_days"
    assert found["features"][0]["psi"] < 0.1
    assert found["alarms"]["features"] == []


ATOMS = np.array([0.6, 1.3, 2.2, 3.1, 4.0])
SHARES = np.array([0.56, 0.25, 0.11, 0.05, 0.03])


def rarity(rng: np.random.Generator, rows: int, shares: Any = SHARES, factor: float = 1.0) -> Any:
    """Few values that all payments share, each by up to 2 % elsewhere in each month; two thirds are null."""
    moved = ATOMS * factor * rng.uniform(0.98, 1.02, len(ATOMS))
    return np.where(rng.random(rows) < 2 / 3, np.nan, moved[rng.choice(len(ATOMS), rows, p=shares)])


def with_atoms(key: str, rng: np.random.Generator, rows: int = 3_000, **more: Any) -> MonthSample:
    """Of few values; of two; of one; and of one with many rows amid others."""
    factor = more.pop("factor", 1.0)
    moved = factor * rng.uniform(0.98, 1.02)
    columns = {
        "amount": rng.normal(size=rows),
        "rarity": rarity(rng, rows, factor=factor, **more),
        "level": np.where(rng.random(rows) < 0.3, 2.0, 5.0) * moved,
        "constant": np.full(rows, 7.0) * moved,
        "mixed": np.where(rng.random(rows) < 0.4, 0.5 * moved, rng.random(rows)),
    }
    frame = pl.DataFrame({"customer_id": rng.integers(0, 300, rows), **columns})
    return MonthSample(key, rows, frame.with_columns(pl.col("rarity").fill_nan(None)))


def test_a_column_whose_few_values_move_a_little_is_stable() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        found = measure_drift("A bank", [with_atoms(key, rng) for key in KEYS], KEYS[:-1], champion="xgboost")
        rows = {row["name"]: row for row in found["features"]}
        assert found["alarms"]["features"] == []
        for name in ("rarity", "level", "constant", "mixed"):
            assert max(rows[name]["psi"], rows[name]["usual"]) < 0.03, (seed, name)
            assert rows[name]["psi_limit"] < 0.15, (seed, name)
            assert rows[name]["ks"] < 0.08, (seed, name)
            assert rows[name]["ks_limit"] < 0.3, (seed, name)


def test_the_adversary_does_not_know_a_month_by_values_that_moved_a_little() -> None:
    rng = np.random.default_rng(2)
    found = measure_drift("A bank", [with_atoms(KEYS[0], rng), with_atoms(KEYS[1], rng, factor=1.01)], KEYS[:1])
    assert found["adversary"]["seen"] == 4  # all but what never changes
    assert 0.45 < found["adversary"]["area"] < 0.55
    far = measure_drift("A bank", [with_atoms(KEYS[0], rng), with_atoms(KEYS[1], rng, factor=2)], KEYS[:1])
    assert far["adversary"]["area"] > 0.9


def test_a_column_whose_few_values_have_other_shares_is_named() -> None:
    rng = np.random.default_rng(5)
    others = np.array([0.40, 0.25, 0.17, 0.10, 0.08])
    samples = [*(with_atoms(key, rng) for key in KEYS[:-1]), with_atoms(KEYS[-1], rng, shares=others)]
    found = measure_drift("A bank", samples, KEYS[:-1], champion="xgboost")
    assert found["alarms"]["features"] == ["rarity"]
    assert len(found["features"][0]["bins"]) == 5  # of the rarest two values one, and one of those missing
    # Values that are elsewhere altogether are other values.
    gone = measure_drift("A bank", [*samples[:-1], with_atoms(KEYS[-1], rng, factor=1.5)], KEYS[:-1])
    assert {"rarity", "level", "mixed"} <= set(gone["alarms"]["features"])


def test_borders_lie_between_values_and_of_many_values_they_are_the_tenths() -> None:
    def borders(values: Any) -> Any:
        return Bins.of(np.sort(np.asarray(values, dtype=np.float32))).edges

    rng = np.random.default_rng(3)
    assert borders(np.repeat([1, 2, 3, 7], [50, 30, 15, 5])).tolist() == [1.5, 2.5, 5.0]
    assert borders(np.repeat([0, 1, 2], [97, 2, 1])).tolist() == [0.5]  # however few there are beyond
    assert borders(np.repeat([0, 1, 2], [1, 2, 97])).tolist() == [1.5]
    assert borders([1, 2, 4]).tolist() == [1.5, 3.0]
    skewed = np.exp(3 * rng.normal(size=10_000))
    assert borders(skewed) == pytest.approx(np.quantile(skewed, np.arange(1, 10) / 10), rel=0.02)
    mixed = np.where(rng.random(10_000) < 0.3, 0.5, rng.random(10_000))
    assert np.abs(borders(mixed) - 0.5).min() > 0.02
    fine = Bins.of(np.sort(np.where(rng.random(10_000) < 0.98, 0, rng.random(10_000)).astype(np.float32)), parts=100)
    assert fine.edges.tolist() == pytest.approx([0], abs=0.02)
    assert fine.edges[0] > 0
    counted = rng.poisson(3, 10_000).astype(np.float32)
    assert np.array_equal(borders(counted) % 1, np.full(len(borders(counted)), 0.5))


def test_what_reads_tables_of_the_month_before_is_filling_in_the_second_month() -> None:
    rng = np.random.default_rng(12)
    name = "app_version_rarity"
    samples = []
    for k, key in enumerate(KEYS):
        values = rarity(rng, 3_000) if k else np.full(3_000, np.nan)
        columns = {"amount_log": rng.normal(size=3_000), name: values}
        memory = 31.0 * k + np.linspace(0, 31, 3_000, endpoint=False)
        frame = pl.DataFrame({"customer_id": rng.integers(0, 300, 3_000), "memory_days": memory, **columns})
        samples.append(MonthSample(key, 3_000, frame.with_columns(pl.col(name).fill_nan(None))))
    look_back = {column: _look_back(REGISTRY[column]) for column in ("amount_log", name)}

    def found(months: int) -> dict[str, Any]:
        return measure_drift("A bank", samples[:months], KEYS[: months - 1], look_back=look_back)

    assert [found(months)["filling"] for months in (2, 3, 4, 5)] == [[name], [], [name], []]
    # Limits take two months in which it was complete, and then know nothing of the first, in which it was not there.
    row = next(row for row in found(5)["features"] if row["name"] == name)
    assert row["psi_limit"] < 0.3
    assert row["ks_limit"] < 0.5
