"""What the report says of features and anomalies, in plain sentences."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.markup import Markup, cell, chart, how, join, pair, says, section, shown, table, tag
from fraud_assets.evaluation.unjudged import unjudged
from fraud_assets.evaluation.words import count, number, percent, signed, title

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
    heading = f"{lost[0]['name']} is what the champion needs most" if lost else "What matters"
    lines = [
        [
            row["name"],
            signed(row["permutation"], 4),
            percent(row["gain"]),
            percent(row["information"]),
        ]
        for row in rows[:_LISTED]
    ]
    return section(
        "features",
        heading,
        shown("importance", drawn, "Importance of features", "There is no fraud, so nothing can matter."),
        how(
            "Blue: what average precision loses when the feature’s values are dealt anew among the payments; a feature "
            "that another can stand in for loses little."
            + (f" Sand: its share of all gain in the splits of {title(of)}." if of else "")
            + " Green: what it says of fraud all by itself, as a share of all there is to know."
        ),
        table(["Feature", "Lost without it", "Share of gain", "Mutual information"], lines),
        how(
            f"On {count(sample['frauds'])} frauds and {count(sample['honest'])} honest payments, weighted to the whole "
            f"month (of the honest ones {sample['rule']}). {title(report['champion'])} is what is permuted, for the "
            f"{len(lost)} features with the most gain or information."
        ),
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
        heading, text = (
            "What the champion needs has not moved",
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
            f"{count(found['rows'])} payments with frauds as rare as they are. Where the two differ, a few large "
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
            cell(_mean(row["fraud"]), f"normal {_mean(row['normal'])}" if row["normal"] is not None else ""),
            _p(row["p_holm"]),
            _p(row["p_bh"]),
            cell(number(row["eta_squared"]), _p(row["anova_p_holm"])) if row["eta_squared"] is not None else "–",
        ]
        for row in rows[:_LISTED]
    ]
    head = ["Feature", "Effect", "Mean of frauds", "p, Holm", "p, Benjamini–Hochberg", "ANOVA by type: η²"]
    return section(
        "differences",
        f"Frauds differ most in {rows[0]['name']}",
        says(
            f"{count(found['significant'])} of {count(found['tests'])} features differ beyond chance after Holm’s "
            "correction. Whether that matters is said by the effect, not by p."
        ),
        shown("effects", drawn, "Effect sizes", "Nothing differs."),
        how(
            "Right: frauds have more of it. Cohen’s d is a difference of means in standard deviations; Cramér’s V of "
            "texts and flags is between 0 and 1."
        ),
        table(head, lines),
        how(
            f"{count(found['frauds'])} frauds against {count(found['honest'])} honest payments: Welch’s t for numbers, "
            "chi-square for texts and flags, and a one-way analysis of variance of honest payments and each type. "
            "Payments of a campaign or a customer are not independent, which makes every p too small."
        ),
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


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
        f"{count(found['all_bursts'])} {'burst holds' if found['all_bursts'] == 1 else 'bursts hold'} "
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
