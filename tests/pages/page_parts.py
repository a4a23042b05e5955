"""The parts of a page, parsed from its HTML as a browser would see them."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass
class Element:
    """An element, its text without that of scripts, and its children."""

    tag: str
    attributes: Attributes
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str = "", **wanted: str) -> list[Element]:
        """Find descendants by tag and attributes; `class_` matches one of several classes."""
        found = []
        for child in self.children:
            given = {name: child.attributes.get(name.rstrip("_")) or "" for name in wanted}
            fits = all(value in given[name].split() for name, value in wanted.items())
            if fits and tag in ("", child.tag):
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def one(self, tag: str = "", **wanted: str) -> Element:
        (found,) = self.all(tag, **wanted)
        return found


class _Parser(HTMLParser):
    EMPTY = ("meta", "br", "img", "link", "input", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in self.EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1].tag not in ("script", "style"):
            for element in self.open:
                element.texts.append(data)
        else:
            self.open[-1].texts.append(data)


def parse(html: str) -> Element:
    """Parse a page; elements must be properly nested."""
    parser = _Parser()
    parser.feed(html)
    (page,) = parser.open
    return page


def rows(link: Element) -> list[dict[str, str]]:
    """Read the CSV file behind a link."""
    kind, _, data = str(link.attributes["href"]).partition(",")
    assert kind == "data:text/csv;charset=utf-8;base64"
    return list(csv.DictReader(io.StringIO(base64.b64decode(data).decode())))


def downloads(page: Element) -> dict[str, list[dict[str, str]]]:
    """Read every CSV file of a page, by name."""
    links = [a for a in page.all("a") if "download" in a.attributes]
    files = {str(a.attributes["download"]): rows(a) for a in links}
    assert len(files) == len(links)  # names are unique
    return files


def section(page: Element, heading: str) -> Element:
    """Find the section of a heading."""
    (found,) = [s for s in page.all("section") if s.one("h2").text == heading]
    return found
