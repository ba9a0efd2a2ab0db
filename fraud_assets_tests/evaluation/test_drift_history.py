"""Drift of what has a history: scores learned by heart, look-backs that still fill, customers who grow older."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import RandomForestClassifier

from fraud_assets.assets.drift import _held_out_from, _look_back, _sample
from fraud_assets.evaluation.drift import MonthSample, drift_markdown, drift_page, measure_drift
from fraud_assets.evaluation.drift.charts import drift_charts
from fraud_assets.evaluation.drift.score import NEEDED
from fraud_assets.features.registry import REGISTRY
from fraud_assets.months import Month
from fraud_assets_tests.evaluation.drifting import KEYS, rarity


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
