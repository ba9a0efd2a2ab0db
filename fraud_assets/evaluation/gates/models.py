"""The gates that need models: is the fraud of a world as hard to find as real fraud is?

They judge months together, never one: with sixty campaigns a month the average precision of a single one varies by .08.
Bounds are those of published results on real card data, inflated to three frauds in a thousand payments.
"""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.gates.result import Line, Result, untested

#: Average precision, ROC-AUC and recall at the alert budget of the champion. Real payments: ROC-AUC .93, and of the
#: frauds found among five alerts in a thousand about a half (Fraud Detection Handbook, Worldline's data) [S].
_DIFFICULTY = {"average_precision": (0.25, 0.60), "roc_auc": (0.86, 0.97), "recall_at_budget": (0.45, 0.70)}
#: What a model may reach that sees a row and nothing before it.
_ROW_ALONE = 0.15
#: What a tree of two questions may reach, of what the full model reaches.
_TREE = 0.35
#: Recall at the budget: hectic tests of cards are found, customers who deny what they bought are not.
_FOUND = {"card_testing": (0.7, 0.9), "friendly_fraud": (None, 0.15)}
#: Types with fewer campaigns than these say nothing.
_ENOUGH_CAMPAIGNS = 5
#: A look-alike is alarmed at least so many times as often as other honest payments, or it resembles nothing.
_ALIKE = 3.0
_ENOUGH_ALIKE = 200

#: Names of the yardsticks: what a model of the row alone reaches, and one that learns from the truth.
ROW_ALONE, CEILING = "row_alone", "taught_the_truth"


def model_gates(pooled: dict[str, Any], small_tree: dict[str, Any]) -> list[Result]:
    """The verdicts on months that :func:`fraud_assets.evaluation.pooled.judge_champion` has judged together.

    Parameters
    ----------
    pooled
        Its document, against the truth.
    small_tree
        Figures of the tree of depth two over the same months.
    """
    return [
        _difficulty(pooled, small_tree["average_precision"]["value"]),
        _spread(pooled),
        _look_alikes(pooled),
        _ceiling(pooled),
    ]


def gates_table(results: list[Result]) -> str:
    """Asked and realised, as Markdown."""
    lines = ["## Gates", "", "| gate | figure | realised | asked | |", "|---|---|---|---|---|"]
    for result in results:
        verdict = "no verdict" if result.value is None else "held" if result.passed else "failed"
        if not result.lines:
            lines.append(f"| {result.name} | {result.explanation} | | {result.limit} | {verdict} |")
        lines += [
            f"| {result.name} | {line.name} | {line.realised:.3f}{f' ({line.note})' if line.note else ''}"
            f" | {_bounds(line)} | {'yes' if line.holds else 'no'} |"
            for line in result.lines
        ]
    return "\n".join(lines) + "\n"


def _bounds(line: Line) -> str:
    if line.low is None:
        return "" if line.high is None else f"at most {line.high:g}"
    return f"at least {line.low:g}" if line.high is None else f"{line.low:g} to {line.high:g}"


def _difficulty(pooled: dict[str, Any], small_tree: float) -> Result:
    found, n = pooled["ranking"], pooled["frauds"]
    reached = found["average_precision"]["value"]
    if reached is None:
        return untested("difficulty", "neither easier nor harder than real fraud", n)
    lines = [
        Line(name.replace("_", " "), found[name]["value"], low, high, None, _interval(found[name]))
        for name, (low, high) in _DIFFICULTY.items()
    ]
    if ROW_ALONE in pooled["yardsticks"]:
        alone = pooled["yardsticks"][ROW_ALONE]
        lines.append(Line("average precision, the row alone", alone["value"], None, _ROW_ALONE, None, _interval(alone)))
    lines.append(Line("two questions, of the full model", small_tree / reached, None, _TREE))
    return _result("difficulty", "neither easier nor harder than real fraud", reached, lines, n)


def _spread(pooled: dict[str, Any]) -> Result:
    kinds = {kind["fraud_type"]: kind for kind in pooled["fraud_types"] if kind["campaigns"] >= _ENOUGH_CAMPAIGNS}
    limit, n = "some types are easy to find and some nearly impossible", pooled["frauds"]
    if len(kinds) < 2:
        return untested("recall_by_type", limit, n, "fewer than two types have enough campaigns")
    recall = {name: kind["recall_at_budget"]["value"] for name, kind in kinds.items()}
    lines = [
        Line(f"recall of {name}", recall[name], low, high, None, counted(kinds[name]["campaigns"], "campaign"))
        for name, (low, high) in _FOUND.items()
        if name in kinds
    ]
    spread = max(recall.values()) - min(recall.values())
    lines.append(Line("between the best and the worst found", spread, 0.5))
    return _result("recall_by_type", limit, spread, lines, n)


def _look_alikes(pooled: dict[str, Any]) -> Result:
    kinds = [kind for kind in pooled["look_alikes"] if kind["rows"] >= _ENOUGH_ALIKE]
    limit, n = f"at least {_ALIKE:g} times the false alarms of other honest payments", pooled["frauds"]
    lines = [
        Line(f"like {kind['lookalike_of']}", kind["times_the_usual"], _ALIKE, None, None, counted(kind["rows"], "row"))
        for kind in sorted(kinds, key=lambda kind: kind["times_the_usual"] or 0.0)
        if kind["times_the_usual"] is not None
    ]
    if not lines:
        return untested("look_alikes", limit, n, "no kind of look-alike has enough rows")
    return _result("look_alikes", limit, lines[0].realised, lines, n)


def _ceiling(pooled: dict[str, Any]) -> Result:
    """What the same model reaches when it is taught the truth: published, with no bound but the figure below it."""
    limit, n = "known, so that the figures mean something", pooled["frauds"]
    if CEILING not in pooled["yardsticks"]:
        return untested("ceiling", limit, n, "no model was taught the truth")
    ceiling = pooled["yardsticks"][CEILING]
    line = Line("average precision, taught the truth", ceiling["value"], None, None, None, _interval(ceiling))
    return _result("ceiling", limit, ceiling["value"], [line], n)


def _interval(estimate: dict[str, float | None]) -> str:
    low, high = estimate["low"], estimate["high"]
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _result(name: str, limit: str, value: float, lines: list[Line], n: int) -> Result:
    broken = [line for line in lines if not line.holds]
    told = "; ".join(f"{line.name} {line.realised:.3g}" for line in broken or lines)
    return Result(name, not broken, value, limit, f"{told}.", n, tuple(lines))
