"""What the report says of features and anomalies, in plain sentences."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, cell, chart, how, join, pair, says, section, shown, table, tag
from fraud_assets.evaluation.unjudged import unjudged
from fraud_assets.evaluation.words import count, number, percent, rounded, signed, title

_LISTED = 25


def analysis_sections(report: dict[str, Any], drawn: dict[str, Any]) -> list[tuple[str, str, Markup]]:
    """(anchor, short name, HTML) of the sections; none where the features were not looked at."""
    analysis = report.get("analysis")
    if not analysis:
        return []
    return [
        ("features", "Features", _features(report, analysis, drawn)),
        ("moved", "Drift", _moved(analysis["moved"], drawn)),
        ("correlations", "Correlations", _correlations(analysis["correlations"], drawn)),
        ("differences", "Fraud and normal", _differences(analysis["differences"], drawn)),
        ("anomalies", "Anomalies", _anomalies(analysis["anomalies"], drawn)),
    ]


def _features(report: dict[str, Any], analysis: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    rows, of, sample = analysis["features"], analysis["gain_of"], analysis["sample"]
    lost = [row for row in rows if row["permutation"] is not None]
    needed = lost[0] if lost and lost[0]["permutation"] > 0 else None
    heading = f"{needed['name']} is what the champion needs most" if needed else "What matters"
    lines = [
        [
            cell(row["name"], row.get("meaning") or ""),
            signed(row["permutation"], 3),
            percent(row["gain"]),
            percent(row["information"]),
        ]
        for row in rows[:_LISTED]
    ]
    return section(
        "features",
        heading,
        _loss(needed, sample["permuted"]),
        shown("importance", drawn, "Importance of features", "There is no fraud, so nothing can matter."),
        how(
            "Blue: what average precision loses when the feature’s values are dealt anew among the payments; a feature "
            "that another can stand in for loses little."
            + (f" Sand: its share of all gain in the splits of {title(of)}." if of else "")
            + " Green: what it says of fraud all by itself, as a share of all there is to know."
        ),
        table(["Feature", "Lost without it", "Share of gain", "Mutual information"], lines),
        how(
            f"{_permuted_on(sample['permuted'])} {title(report['champion'])} is what is permuted, for the {len(lost)} "
            f"features with the most gain or information. Mutual information is that of {count(sample['frauds'])} "
            f"frauds and {count(sample['honest'])} honest payments (of these {sample['rule']}), weighted to the whole "
            "month."
        ),
    )


def _loss(needed: dict[str, Any] | None, on: dict[str, Any] | None) -> Markup:
    """What is left without the feature that is needed most; nothing where none is needed."""
    if needed is None or on is None:
        return Markup("")
    whole = on["average_precision"]
    return says(
        f"Average precision falls from {number(whole)} to {number(whole - needed['permutation'])} when the values of "
        f"{needed['name']}{_said(needed)} are dealt anew among the payments."
    )


def _said(row: dict[str, Any]) -> str:
    meaning = row.get("meaning")
    return f" ({meaning[0].lower()}{meaning[1:]})" if meaning else ""


def _permuted_on(on: dict[str, Any] | None) -> str:
    """Which rows were permuted, as a sentence."""
    if on is None:
        return "Nothing was permuted: there is no fraud, or nothing else."
    rows = f"{counted(on['frauds'], 'fraud')} and {counted(on['honest'], 'honest payment')}"
    if on["honest"] < on["drawn"]:
        rows += f" (those with the highest scores, and some of the others, of {count(on['drawn'])})"
    return (
        f"Permuted are {rows}, weighted to the whole month: a payment gets a fraud’s value as rarely as there is fraud "
        f"in it. Their average precision is {number(on['average_precision'], 3)} before, and no feature can lose more."
    )


def _moved(found: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    if found["reason"]:
        return section("moved", "Drift", tag("p", f"No drift is known: {found['reason']}.", css="absent"))
    names = [row["name"] for row in found["features"] if row["is_alarm"]]
    if not found["has_limits"]:
        heading, text = "How far what the champion needs has moved", "Too few months for limits: nothing is an alarm."
    elif names:
        heading = f"{len(names)} of the features it needs most have moved"
        text = f"Beyond their limits: {', '.join(names)}."
    else:
        unknown = sum(bool(row["is_filling"]) for row in found["features"])
        heading, text = (
            "Whether what the champion needs has moved is mostly not known yet"
            if 2 * unknown > len(found["features"])
            else "What the champion needs has not moved",
            "None of its most important features that can be judged is beyond its limit."
            if any(row["is_filling"] for row in found["features"])
            else "None of its most important features is beyond its limit.",
        )
    beyond = len(found["alarms"]["features"])
    text += f" Of all {count(found['all_features'])} features {count(beyond)} are." if found["has_limits"] else ""
    key = "used" if found["has_limits"] else "psi"
    filling = [row["name"] for row in found["features"] if row["is_filling"]]
    unmeasured = [row["name"] for row in found["features"] if unjudged(row, key) and not row["is_filling"]]
    if filling:
        have, their = ("has", "its") if len(filling) == 1 else ("have", "their")
        text += (
            f" {count(len(filling))} of these {count(len(found['features']))} {have} no verdict, because {their} "
            f"history, which reaches back to before the bank’s first month, is still filling: {', '.join(filling)}."
        )
    text += f" Not measured: {', '.join(unmeasured)}." if unmeasured else ""
    text += f" Score PSI {number(found['score_psi'], 3)}; adversary’s ROC area {number(found['adversary'])}."
    return section(
        "moved",
        heading,
        says(text),
        chart("moved", drawn, "Drift of the most important features"),
        how(
            "The most important features, in their order, against the months the champion learned from. The month’s "
            "drift report (drift_report, report.html) says more."
        ),
    )


def _correlations(found: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    names, spearman = found["features"], found["spearman"]
    strongest = sorted(
        ((abs(spearman[a][b]), a, b) for a in range(len(names)) for b in range(a) if spearman[a][b] is not None),
        reverse=True,
    )
    heading = "How the most important features hang together"
    text = ""
    if strongest and strongest[0][0] >= 0.9:
        _, a, b = strongest[0]
        text = f"{names[a]} and {names[b]} say nearly the same (Spearman {signed(spearman[a][b])})."
    return section(
        "correlations",
        heading,
        says(text) if text else "",
        shown("correlations", drawn, "Correlations of features", "There are too few features."),
        how(
            f"Above the diagonal Pearson’s correlation (straight lines), below it Spearman’s (ranks), over "
            f"{counted(found['rows'], 'payment')} with frauds as rare as they are. Where the two differ, a few large "
            "values rule, or the relation is bent."
        ),
    )


def _differences(found: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    rows = found["features"]
    if not rows:
        return section("differences", "Fraud and normal", tag("p", "There are too few frauds for tests.", css="absent"))
    lines = [
        [
            cell(row["name"], row["test"]),
            cell(signed(row["effect"]), row["effect_is"]),
            cell(rounded(row["fraud"]), f"normal {rounded(row['normal'])}" if row["normal"] is not None else ""),
            _p(row["p_holm"]),
            _p(row["p_bh"]),
            cell(number(row["eta_squared"]), _p(row["anova_p_holm"])) if row["eta_squared"] is not None else "–",
        ]
        for row in rows[:_LISTED]
    ]
    heading, other = _differ_most(rows, found["frauds"])
    head = ["Feature", "Effect", "Mean of frauds", "p, Holm", "p, Benjamini–Hochberg", "ANOVA by type: η²"]
    return section(
        "differences",
        heading,
        says(
            f"{count(found['significant'])} of {count(found['tests'])} features differ beyond chance after Holm’s "
            f"correction. Whether that matters is said by the effect, not by p.{other}"
        ),
        shown("effects", drawn, "Effect sizes", "Nothing differs."),
        how(
            "Right: frauds have more of it. Cohen’s d is a difference of means in standard deviations; Cramér’s V of "
            "texts and flags is between 0 and 1."
        ),
        table(head, lines),
        how(
            f"{counted(found['frauds'], 'fraud')} against {counted(found['honest'], 'honest payment')}: "
            "Welch’s t for numbers, chi-square for texts and flags, and a one-way analysis of variance of honest "
            "payments and each type. Payments of a campaign or a customer are not independent, which makes every p too "
            "small."
        ),
    )


def _differ_most(rows: list[dict[str, Any]], frauds: int) -> tuple[str, str]:
    """The heading, of a feature that most frauds have; and a sentence of one with a larger effect that fewer have."""
    usual = next((row for row in rows if 2 * row["known_frauds"] > frauds), None)
    heading = f"Frauds differ most in {usual['name']}" if usual else "Fraud and normal"
    if rows[0] is usual:
        return heading, ""
    return heading, (
        f" {rows[0]['name']} has the largest effect ({signed(rows[0]['effect'])}), but only "
        f"{count(rows[0]['known_frauds'])} of {count(frauds)} frauds have a value."
    )


def _p(value: float | None) -> str:
    return "–" if value is None else "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _anomalies(found: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    if found["reason"]:
        return section("anomalies", "Anomalies", tag("p", f"Nothing to compare: {found['reason']}.", css="absent"))
    anomalies, both = found["anomalies"], found["anomalies_that_are_fraud"]
    share = (
        f"{percent(both / anomalies)} of {count(anomalies)} anomalies are fraud"
        if anomalies
        else "No anomaly was found"
    )
    text = share
    if found["area"]:
        text += f"; ROC area of the score {number(found['area']['value'])}, Spearman’s correlation with fraud "
        text += signed(found["correlation_with_fraud"])
    text += "."
    if found["correlation_with_severity"] is not None:
        rising = "grows" if found["correlation_with_severity"] > 0 else "falls"
        text += (
            f" Among frauds the score {rising} with severity (Spearman {signed(found['correlation_with_severity'])})."
        )
    bursts = [
        [row["begins"], count(row["hours"]), count(row["anomalies"]), number(row["expected"], 1), count(row["frauds"])]
        for row in found["bursts"]
    ]
    clusters = (
        f"{counted(found['all_bursts'], 'burst holds', 'bursts hold')} "
        f"{count(found['in_bursts'])} of the anomalies; fraud among these: {count(found['frauds_in_bursts'])}."
        if bursts
        else "No hour has more anomalies than its payments explain."
    )
    severities = (
        join([tag("h3", "By severity"), chart("anomaly_severity", drawn, "Anomaly score by severity of fraud")])
        if "anomaly_severity" in drawn
        else ""
    )
    return section(
        "anomalies",
        f"{percent(both / anomalies)} of anomalies are fraud" if anomalies else "Anomalies and fraud",
        says(text),
        pair(join([tag("h3", "By day"), chart("anomaly_days", drawn, "Anomalies by day")]), severities),
        how("Anomalies are found without labels: payments that are unusual, whatever the reason. Days are UTC."),
        tag("h3", "Clusters in time"),
        tag("p", clusters),
        table(["Begins (UTC)", "Hours", "Anomalies", "Expected", "Fraud among them"], bursts) if bursts else "",
        *(
            [
                tag("h3", "Where anomalies are"),
                chart("anomaly_map", drawn, "Cities by their anomalies"),
                how("A circle is a city: the larger, the more anomalies; the redder, the larger their share."),
            ]
            if "anomaly_map" in drawn
            else []
        ),
    )
