"""Looking at a page as a browser does: its elements and texts, and what Chromium makes of it without a network."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

CHROMIUM = shutil.which("chromium")


class Page(HTMLParser):
    """What the browser would be told: elements with their attributes, and the texts outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.text = ""
        self.data: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.text += data
        elif self.elements[-1][1].get("type") == "application/json":
            self.data[str(self.elements[-1][1]["id"])] = data

    def places(self) -> set[str | None]:
        """The ids of the places where charts are drawn."""
        return {attributes.get("id") for _, attributes in self.elements if attributes.get("class") == "chart"}


def assert_self_contained(page: str) -> None:
    """The page asks for nothing from outside, its links lead to itself, and it stays below 10 MB."""
    assert len(page.encode()) < 10_000_000
    elements = Page(page).elements
    for tag, attributes in elements:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base"), tag
        assert not attributes.get("src")
        assert (attributes.get("href") or "#").startswith("#")
    assert "default-src 'none'" in page
    anchors = {attributes["href"] for tag, attributes in elements if tag == "a"}
    assert anchors <= {f"#{attributes['id']}" for _, attributes in elements if "id" in attributes}


def assert_drawn_without_complaint(page: str, charts: int, width: int, folder: Path) -> None:
    """A browser of that width, without a network, draws every chart within it and complains of nothing."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}"]
    command += [f"--window-size={width},2000", "--virtual-time-budget=8000", "--dump-dom", file.as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in seen.stderr
    elements = Page(seen.stdout).elements
    drawn = [a for _, a in elements if "js-plotly-plot" in (a.get("class") or "")]
    assert len(drawn) == charts
    layers = [a for tag, a in elements if tag == "svg" and "main-svg" in (a.get("class") or "")]
    widths = [float(str(a["width"])) for a in layers if "width" in a]
    assert len(widths) >= len(drawn)
    assert 0 < max(widths) <= width
