"""The options of a study: a line of the registry each, a function each.

What lives here: models, ensembles, resampling and selected features. What does not: searches (``search``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Matrix, Vector, logit
from fraud_assets.detection.boosting import Boosting
from fraud_assets.detection.forest import RandomForest
from fraud_assets.detection.logistic import Logistic
from fraud_assets.detection.sample import Past, Sample
from fraud_assets.detection.study.search import SPACE, grid_points, random_points, tpe_points

#: What the differences are to: boosting as it is trained every month.
REFERENCE = "xgboost"


@dataclass(frozen=True)
class Fitted:
    """A score for every row, and what the option chose on its way."""

    scores: Callable[[Matrix], Vector]
    found: dict[str, Any]


@dataclass(frozen=True)
class Option:
    """A line of the registry."""

    group: str
    title: str
    fit: Callable[[Bench], Fitted]


@dataclass(frozen=True)
class Bench:
    """What every option gets; members that several options need are fitted once."""

    past: Past
    trials: int

    @cached_property
    def members(self) -> dict[str, Callable[[Matrix], Vector]]:
        """Logistic regression, random forest and boosting, as every month has them."""
        return {
            "logistic": Logistic.fit(self.past).raw_scores,
            "random_forest": RandomForest.fit(self.past).raw_scores,
            REFERENCE: self.boosting.raw_scores,
        }

    @cached_property
    def boosting(self) -> Boosting:
        return self.grow({})

    def grow(self, changes: dict[str, Any]) -> Boosting:
        """Boosting with other parameters."""
        return Boosting.grow(self.past, changes, self.past.train.weights)

    def tuned(self, changes: dict[str, Any]) -> float:
        """The average precision on the tuning slice with other parameters."""
        from fraud_assets.detection.judging import average_precision

        tune = self.past.tune
        return average_precision(tune.labels, self.grow(changes).raw_scores(tune.codes), tune.weights)


def _member(name: str) -> Callable[[Bench], Fitted]:
    return lambda bench: Fitted(bench.members[name], {})


def _histogram(bench: Bench) -> Fitted:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    past = bench.past
    model = HistGradientBoostingClassifier(
        learning_rate=0.08, max_iter=200, max_leaf_nodes=31, min_samples_leaf=40, max_bins=64,
        l2_regularization=2.0, early_stopping=False, random_state=0,
    )  # fmt: skip
    with threadpool_limits(limits=1):
        model.fit(past.train.codes, past.train.labels, sample_weight=past.train.weights)
    return Fitted(lambda codes: model.predict_proba(codes)[:, 1], {"iterations": model.n_iter_})


def _soft_voting(bench: Bench) -> Fitted:
    """The mean of the members' log-odds."""

    def scores(codes: Matrix) -> Vector:
        return np.mean([logit(member(codes)) for member in bench.members.values()], axis=0)

    return Fitted(scores, {"members": list(bench.members)})


def _hard_voting(bench: Bench) -> Fitted:
    """The number of members among whose 50 of 10,000 most suspicious the row would have been in the tuning slice."""
    limits = {name: float(np.quantile(member(bench.past.tune.codes), 0.995)) for name, member in bench.members.items()}

    def scores(codes: Matrix) -> Vector:
        votes: Vector = np.sum([bench.members[name](codes) > limit for name, limit in limits.items()], axis=0)
        return votes.astype(np.float64)

    return Fitted(scores, {"limits": limits})


def _stacking(bench: Bench) -> Fitted:
    """A logistic regression over the members' log-odds, fitted on the tuning slice: a recipe of four numbers."""
    from sklearn.linear_model import LogisticRegression

    def inputs(codes: Matrix) -> Matrix:
        return np.column_stack([logit(member(codes)) for member in bench.members.values()])

    tune = bench.past.tune
    over = LogisticRegression(C=0.1).fit(inputs(tune.codes), tune.labels, sample_weight=tune.weights)
    recipe = dict(zip(bench.members, over.coef_[0].tolist(), strict=True))
    found = {"recipe": recipe, "intercept": float(over.intercept_[0])}
    return Fitted(lambda codes: inputs(codes) @ over.coef_[0], found)


def _bagging(bench: Bench) -> Fitted:
    """Five boosters, each on a resample of the rows: Poisson(1) counts as weights."""
    train, rng, bags = bench.past.train, np.random.default_rng(0), []
    for seed in range(5):
        weights = train.weights * rng.poisson(1.0, len(train.labels))
        bags.append(Boosting.grow(bench.past, {"seed": seed}, weights))
    return Fitted(lambda codes: np.mean([logit(bag.raw_scores(codes)) for bag in bags], axis=0), {"bags": len(bags)})


def _class_weights(bench: Bench) -> Fitted:
    """Frauds weigh as much together as the honest rows."""
    train = bench.past.train
    ratio = float(train.weights[~train.labels].sum() / train.weights[train.labels].sum())
    return Fitted(bench.grow({"scale_pos_weight": ratio}).raw_scores, {"scale_pos_weight": ratio})


def _under_sampling(bench: Bench) -> Fitted:
    """Ten honest rows a fraud; the others are thrown away."""
    train = bench.past.train
    honest, frauds = np.flatnonzero(~train.labels), np.flatnonzero(train.labels)
    kept = np.random.default_rng(0).choice(honest, min(len(honest), 10 * len(frauds)), replace=False)
    few = _with_rows(bench.past, np.sort(np.concatenate([kept, frauds])))
    return Fitted(Boosting.grow(few, {}).raw_scores, {"rows": len(few.train.labels)})


def _over_sampling(bench: Bench) -> Fitted:
    """Frauds are repeated until they are a tenth of the rows."""
    train = bench.past.train
    frauds = np.flatnonzero(train.labels)
    times = max(1, int(0.1 * (~train.labels).sum() / len(frauds)))
    many = _with_rows(bench.past, np.concatenate([np.flatnonzero(~train.labels), np.tile(frauds, times)]))
    return Fitted(Boosting.grow(many, {}, many.train.weights).raw_scores, {"times": times})


def _uncorrelated(bench: Bench) -> Fitted:
    """Of two features with a rank correlation above .95 the first one stays."""
    from scipy.stats import rankdata

    ranks = rankdata(np.nan_to_num(bench.past.train.codes[:20_000], nan=-1e30), axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    alike = np.abs(ranks.T @ ranks) / np.maximum(np.outer(length, length), 1e-12) > 0.95
    kept = [j for j in range(len(alike)) if length[j] > 0 and not alike[j, :j].any()]
    return _with_features(bench, np.array(kept))


def _l1(bench: Bench) -> Fitted:
    """The features to which a logistic regression with an L1 penalty gives a weight."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import QuantileTransformer

    train = bench.past.train
    filled = np.nan_to_num(train.codes, nan=-1.0)
    design = QuantileTransformer(n_quantiles=100, subsample=20_000, random_state=0).fit_transform(filled) - 0.5
    model = LogisticRegression(C=0.02, l1_ratio=1.0, solver="saga", max_iter=60, tol=1e-2, random_state=0)
    model.fit(design, train.labels, sample_weight=np.where(train.labels, train.weights, 1.0))
    kept = np.flatnonzero(model.coef_[0])
    return _with_features(bench, kept if len(kept) else np.arange(design.shape[1]))


def _recursive(bench: Bench) -> Fitted:
    """Recursive elimination: a third of the features, those that gain least, goes until thirty are left."""
    kept = np.arange(bench.past.train.codes.shape[1])
    while len(kept) > 30:
        past = _narrow(bench.past, kept)
        gains = Boosting.grow(past, {}, past.train.weights).trees.booster().get_score(importance_type="total_gain")
        gain = np.array([gains.get(f"f{j}", 0.0) for j in range(len(kept))])
        left = max(30, len(kept) * 2 // 3)
        kept = np.sort(kept[np.argsort(-gain, kind="stable")[:left]])
    return _with_features(bench, kept)


def _search(points: Callable[[Callable[[dict[str, Any]], float], int], dict[str, Any]]) -> Callable[[Bench], Fitted]:
    def fit(bench: Bench) -> Fitted:
        best = points(bench.tuned, bench.trials)
        return Fitted(bench.grow(best).raw_scores, {"parameters": best, "trials": bench.trials, "space": list(SPACE)})

    return fit


def _with_features(bench: Bench, kept: NDArray[np.int64]) -> Fitted:
    past = _narrow(bench.past, kept)
    model = Boosting.grow(past, {}, past.train.weights)
    names = [bench.past.encoder.features[j] for j in kept]
    return Fitted(lambda codes: model.raw_scores(np.ascontiguousarray(codes[:, kept])), {"features": names})


def _narrow(past: Past, kept: NDArray[np.int64]) -> Past:
    def some(sample: Sample) -> Sample:
        return replace(sample, codes=np.ascontiguousarray(sample.codes[:, kept]))

    return replace(past, train=some(past.train), tune=some(past.tune))


def _with_rows(past: Past, rows: NDArray[np.int64]) -> Past:
    train = past.train
    chosen = Sample(train.codes[rows], train.labels[rows], train.weights[rows], train.ages[rows])
    return replace(past, train=chosen)


OPTIONS: dict[str, Option] = {
    REFERENCE: Option("models", "XGBoost, as every month (the reference)", _member(REFERENCE)),
    "logistic": Option("models", "Logistic regression", _member("logistic")),
    "random_forest": Option("models", "Random forest", _member("random_forest")),
    "histogram": Option("models", "Histogram gradient boosting (scikit-learn)", _histogram),
    "soft_voting": Option("ensembles", "Soft voting: mean log-odds of the three", _soft_voting),
    "hard_voting": Option("ensembles", "Hard voting: how many of the three would look", _hard_voting),
    "stacking": Option("ensembles", "Stacking: logistic regression over the three", _stacking),
    "bagging": Option("ensembles", "Bagging: five boosters on resamples", _bagging),
    "grid_search": Option("searches", "Grid search", _search(grid_points)),
    "random_search": Option("searches", "Random search", _search(random_points)),
    "tpe_search": Option("searches", "Tree-structured Parzen estimator", _search(tpe_points)),
    "uncorrelated": Option("features", "Without features that say the same", _uncorrelated),
    "l1": Option("features", "Features that an L1 penalty keeps", _l1),
    "recursive": Option("features", "Thirty features by recursive elimination", _recursive),
    "class_weights": Option("balance", "Classes of equal weight", _class_weights),
    "under_sampling": Option("balance", "Under-sampling: ten honest rows a fraud", _under_sampling),
    "over_sampling": Option("balance", "Over-sampling: frauds a tenth of the rows", _over_sampling),
}
