"""One HTML text: the files of `web/`, with the networks in their midst.

The scripts stand in the page as they stand in `web/`, to be read with "view source". Only the paths
by which modules import one another are replaced by names, since a page has no folders; an import
map, made when the page opens, says which text is meant by a name. A Content-Security-Policy allows
these scripts alone and forbids every request.
"""

from __future__ import annotations

import hashlib
import html
import json
import posixpath
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from glassgate.explorer.payload import Content, payload
from glassgate.files import write_whole
from glassgate.pages.colours import DARK, INK, NETWORKS, PALE, SOFT, STATE_SCALE, WIRES

IMPORT = re.compile(r"""(?P<before>\bfrom |\bimport )(?P<quote>["'])(?P<path>\.{1,2}/[^"']+)["']""")
FIRST_STYLES = ("tokens.css", "layout.css")  # before those of the views
POLICY = (
    "default-src 'none'",
    "script-src 'nonce-{nonce}'",
    "style-src 'nonce-{nonce}'",
    "img-src data:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)


def write_explorer(output: Path, content: Content, *, large: bool = False) -> None:
    """Write the page to a file, whole or not at all.

    Raises
    ------
    BadInput
        As `payload` does.
    OSError
        When the file cannot be written.
    """
    write_whole(output, page(content, large=large).encode())


def page(content: Content, *, large: bool = False) -> str:
    """Return the page as HTML; raises `BadInput` as `payload` does."""
    data = _json(payload(content, large=large))
    web = resources.files("glassgate.explorer") / "web"
    modules = {name: _named_imports(name, text) for name, text in _files(web, ".js")}
    nonce = hashlib.sha256("".join([data, *modules.values()]).encode()).hexdigest()[:32]
    return Template((web / "index.html").read_text(encoding="utf-8")).substitute(
        title=html.escape("Glassgate: " + ", ".join(content.models)),
        policy="; ".join(POLICY).format(nonce=nonce),
        nonce=nonce,
        style="\n".join([_colours(), *_styles(web)]),
        payload=data,
        modules="\n".join(_script(name, text) for name, text in modules.items()),
    )


def _json(data: dict[str, Any]) -> str:
    """Return JSON in which no sign can end the script element that it stands in."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _files(folder: Traversable, ending: str, below: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of each file with this ending, in the order of their paths."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = posixpath.join(below, entry.name)
        if entry.is_dir():
            yield from _files(entry, ending, path)
        elif entry.name.endswith(ending):
            yield path, entry.read_text(encoding="utf-8")


def _named_imports(name: str, text: str) -> str:
    """Replace the relative paths of imports by the names of modules."""

    def replace(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), found["path"]))
        return f"{found['before']}{found['quote']}glassgate/{path}{found['quote']}"

    return IMPORT.sub(replace, text)


def _script(name: str, text: str) -> str:
    """Return a module as text that the page's first script starts."""
    assert not re.search("</script|<!--", text, re.IGNORECASE), f"{name} would end its script"
    return f'<script type="text/plain" data-module="glassgate/{name}">\n{text}</script>'


# Style --------------------------------------------------------------------------------------------


def _styles(web: Traversable) -> list[str]:
    texts = dict(_files(web / "style", ".css"))
    order = [*FIRST_STYLES, *(name for name in texts if name not in FIRST_STYLES)]
    return [texts[name] for name in order]


def _colours() -> str:
    """Return the project's palette as CSS variables, for light pages and for dark ones."""
    palette = {
        "paper": "#ffffff",
        "ink": INK,
        "soft": SOFT,
        "pale": PALE,
        **{f"network-{name.replace(' ', '-')}": value for name, value in NETWORKS.items()},
        **{f"wire-{name}": value for name, value in WIRES.items()},
        **{f"state-{sign}": value for sign, value in zip(SIGNS, STATE_SCALE, strict=True)},
    }
    dark = {name: DARK[value.lower()] for name, value in palette.items() if value.lower() in DARK}
    return (
        f":root {{ color-scheme: light dark; {_variables(palette)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(dark)} }} }}"
    )


SIGNS = ("negative", "zero", "positive")


def _variables(values: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())
