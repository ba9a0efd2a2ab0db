"""One self-contained HTML page around sections and charts: Plotly's script inside, no request to anywhere.

What lives here: the frame that every page of this package has. What a page says is in its own modules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from fraud_assets.evaluation.markup import Markup, escape, join, tag

# One chart after the other, with a breath between: a page of sixty scrolls at once, on a phone too. Paper waits.
_DRAW = """
const waiting = [...document.querySelectorAll(".chart")];
function draw() {
  const holder = waiting.shift();
  if (!holder) return false;
  const figure = JSON.parse(document.getElementById("data-" + holder.id).textContent);
  holder.style.minHeight = "";
  const {aspect} = figure.layout.meta || {};  // a map keeps its shape, so its height is the width's
  if (aspect) figure.layout.height = Math.max(230, Math.round(holder.clientWidth * aspect));
  Plotly.newPlot(holder, figure.data, figure.layout, {displayModeBar: false, responsive: true});
  return true;
}
function drawOn() { if (draw()) setTimeout(drawOn, 0); }
drawOn();
window.addEventListener("beforeprint", () => { while (draw()); });
"""


def page(
    over: str,
    heading: str,
    top: Sequence[Markup],
    parts: Sequence[tuple[str, str, Markup]],
    figures: Mapping[str, Any],
    footer: str = "",
) -> str:
    """The page, about 5 MB with charts (Plotly's script) and a few KB without.

    It opens from disk without a network: its security policy forbids every request.

    Parameters
    ----------
    over, heading
        What kind of page it is, and of what.
    top
        What stands under the heading: an introduction, tiles.
    parts
        (anchor, short name for the navigation, HTML) of each section.
    figures
        Plotly figures by the names under which sections show them (:func:`fraud_assets.evaluation.markup.chart`).
    footer
        The last line.
    """
    links = [Markup(f'<a href="#{anchor}">{escape(name)}</a>') for anchor, name, _ in parts]
    body = [
        tag("header", tag("div", over, css="over"), tag("h1", heading), *top),
        tag("main", tag("nav", *links), *(html for _, _, html in parts)) if parts else "",
        tag("footer", footer) if footer else "",
    ]
    template = Template((files("fraud_assets.evaluation") / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"{over}: {heading}"), body=join(body), scripts=_scripts(figures) if figures else ""
    )


def _scripts(figures: Mapping[str, Any]) -> str:
    from plotly.offline import get_plotlyjs

    data = [
        # "<" escaped: no text of the data can end the script element.
        f'<script type="application/json" id="data-chart-{name}">'
        + json.dumps(figure, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        + "</script>"
        for name, figure in figures.items()
    ]
    return "\n".join([*data, f"<script>{get_plotlyjs()}</script>", f"<script>{_DRAW}</script>"])
