"""Small pieces of HTML: escaped text, tables, charts, tiles. Every text that came from data goes through here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any


class Markup(str):
    """Text that already is HTML and is not escaped again."""

    __slots__ = ()


def escape(text: Any) -> Markup:
    return text if isinstance(text, Markup) else Markup(html.escape(str(text)))


def tag(name: str, *inner: Any, css: str = "") -> Markup:
    """``<name class=css>`` around the inner texts."""
    attribute = f' class="{css}"' if css else ""
    return Markup(f"<{name}{attribute}>{''.join(escape(part) for part in inner)}</{name}>")


def join(parts: Iterable[Any]) -> Markup:
    return Markup("\n".join(escape(part) for part in parts))


def cell(text: Any, small: Any = "", css: str = "") -> Markup:
    """A table cell with a second, quieter line."""
    return tag("td", text, tag("small", small) if small else "", css=css)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], champion: int | None = None) -> Markup:
    """A table that scrolls sideways where it is too wide; cells may be texts or :func:`cell`."""
    body = []
    for k, row in enumerate(rows):
        cells = [part if str(part).startswith("<td") and isinstance(part, Markup) else cell(part) for part in row]
        body.append(tag("tr", *cells, css="champion" if k == champion else ""))
    header = tag("thead", tag("tr", *(tag("th", title) for title in head)))
    return tag("div", tag("table", header, tag("tbody", *body)), css="scroll")


def chart(name: str, figures: dict[str, Any], label: str) -> Markup:
    """The place of a chart, drawn by the page's script; nothing if there is no such figure."""
    if name not in figures:
        return Markup("")
    height = figures[name]["layout"]["height"]
    return Markup(
        f'<div class="chart" id="chart-{name}" role="img" aria-label="{html.escape(label)}" '
        f'style="min-height:{height}px"></div>'
    )


def shown(name: str, figures: dict[str, Any], label: str, otherwise: str) -> Markup:
    """The place of a chart, or a sentence that says why there is none."""
    return chart(name, figures, label) or tag("p", otherwise, css="absent")


def explained(name: str, figures: dict[str, Any], label: str, otherwise: str, text: str) -> Markup:
    """A chart and how it is read; or the sentence alone."""
    return join([chart(name, figures, label), how(text)]) if name in figures else tag("p", otherwise, css="absent")


def pair(*boxes: Any) -> Markup:
    """Boxes side by side, two to a line; one above the other on a phone."""
    return tag("div", *(tag("div", box) for box in boxes if box), css="pair")


def shaded(text: Any, strength: float, color: str = "31,78,140") -> Markup:
    """A table cell on a ground that is the darker the nearer ``strength`` is to 1."""
    depth = max(0.0, min(1.0, strength)) * 0.42
    return Markup(f'<td class="shade" style="background:rgba({color},{depth:.2f})">{escape(text)}</td>')


def tile(label: str, value: str, between: str, note: str) -> Markup:
    """A headline figure."""
    return tag(
        "div",
        tag("div", label, css="label"),
        tag("b", value),
        tag("div", between or Markup("&nbsp;"), css="range"),
        tag("p", note),
        css="tile",
    )


def section(anchor: str, title: str, *parts: Any) -> Markup:
    return Markup(f'<section id="{anchor}">{tag("h2", title)}\n{join(parts)}</section>')


def says(text: str) -> Markup:
    """What the figures say, in a sentence or two."""
    return tag("p", text, css="says")


def how(text: str) -> Markup:
    """How a chart is read."""
    return tag("p", text, css="how")
