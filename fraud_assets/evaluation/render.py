"""The report as one self-contained HTML page: Plotly's script inside, no request to anywhere.

What lives here: the page's frame and its headline. The sections are in :mod:`fraud_assets.evaluation.sections`, the
charts in :mod:`fraud_assets.evaluation.figures`; all of them read the document of
:func:`fraud_assets.evaluation.report.evaluate` and nothing else.
"""

from __future__ import annotations

import json
from importlib.resources import files
from string import Template
from typing import Any

from fraud_assets.evaluation import sections
from fraud_assets.evaluation.figures import figures
from fraud_assets.evaluation.markup import Markup, escape, join, tag, tile
from fraud_assets.evaluation.words import count, money, month_name, number, percent, spread, title

_DRAW = """
for (const holder of document.querySelectorAll(".chart")) {
  const figure = JSON.parse(document.getElementById("data-" + holder.id).textContent);
  holder.style.minHeight = "";
  Plotly.newPlot(holder, figure.data, figure.layout, {displayModeBar: false, responsive: true});
}
"""


def render_html(report: dict[str, Any]) -> str:
    """The page of a document of ``evaluate`` or ``no_model``, about 5 MB for the former (Plotly's script).

    It opens from disk without a network: its security policy forbids every request.
    """
    template = Template((files("fraud_assets.evaluation") / "page.html").read_text(encoding="utf-8"))
    heading = f"{report['bank']}, {month_name(report['month'])}"
    if report["status"] == "empty":
        return template.substitute(title=escape(f"Evaluation: {heading}"), body=_empty(report, heading), scripts="")
    drawn = figures(report)
    parts = sections.all_sections(report, drawn)
    links = [Markup(f'<a href="#{anchor}">{escape(name)}</a>') for anchor, name, _ in parts]
    body = join(
        [
            tag(
                "header", tag("div", "Evaluation report", css="over"), tag("h1", heading), _lede(report), _tiles(report)
            ),
            tag("main", tag("nav", *links), *(html for _, _, html in parts)),
            tag("footer", "All figures of this page, and more, are in metrics.json beside it."),
        ]
    )
    return template.substitute(title=escape(f"Evaluation: {heading}"), body=body, scripts=_scripts(drawn))


def _scripts(drawn: dict[str, Any]) -> str:
    from plotly.offline import get_plotlyjs

    data = [
        # "<" escaped: no text of the data can end the script element.
        f'<script type="application/json" id="data-chart-{name}">'
        + json.dumps(figure, allow_nan=False).replace("<", "\\u003c")
        + "</script>"
        for name, figure in drawn.items()
    ]
    return "\n".join([*data, f"<script>{get_plotlyjs()}</script>", f"<script>{_DRAW}</script>"])


def _lede(report: dict[str, Any]) -> Markup:
    tested = report["tested"]
    version = f" (version {report['version']})" if report["version"] else ""
    campaigns = f", in {count(tested['campaigns'])} campaigns" if tested["campaigns"] else ""
    known = "" if report["labels"] == "truth" else " according to the reports received so far"
    return tag(
        "p",
        f"The champion, {title(report['champion'])}{version}, learned from {report['trained_on']}. It is tested "
        f"here on {count(tested['rows'])} payments of {count(tested['customers'])} customers in "
        f"{month_name(report['month'])}, none of which it had seen. {count(tested['frauds'])} of them "
        f"({percent(tested['fraud_rate'])}) were fraud{known}{campaigns}.",
        css="lede",
    )


def _tiles(report: dict[str, Any]) -> Markup:
    headline, currency = report["headline"], report["settings"]["currency"]
    per = report["settings"]["alerts_per_10000"]

    def cash(value: float | None) -> str:
        return money(value, currency)

    ap, recall, savings = headline["average_precision"], headline["recall_at_budget"], headline["savings"]
    return tag(
        "div",
        tile(
            "Average precision",
            number(ap["value"]),
            spread(ap),
            f"1 is perfect; a random order gives {number(report['tested']['fraud_rate'], 3)}.",
        ),
        tile(
            "Fraud found",
            percent(recall["value"]),
            spread(recall, percent),
            f"by looking at the {per:g} highest scores of 10,000; {percent(headline['precision_at_budget'])} of "
            "those are fraud.",
        ),
        tile(
            "Alerts",
            count(headline["alerts"]),
            "",
            f"payments flagged or rejected; {percent(headline['alert_precision'])} of them were fraud.",
        ),
        tile(
            "Money saved",
            cash(savings["value"]),
            spread(savings, cash),
            f"net of false alarms; {percent(headline['share_of_ideal'])} of what perfect knowledge would save.",
        ),
        css="tiles",
    )


def _empty(report: dict[str, Any], heading: str) -> Markup:
    return join(
        [
            tag("header", tag("div", "Evaluation report", css="over"), tag("h1", heading)),
            tag(
                "main",
                tag("p", "There is no model to evaluate for this month.", css="lede"),
                tag("p", report["reason"]),
                tag("p", "This is a result, not a failure: the report of a later month will have figures.", css="note"),
            ),
        ]
    )
