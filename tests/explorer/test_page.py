"""The page: one text, nothing fetched, every import in it, and no way out of its scripts."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from glassgate import load
from glassgate.explorer import Content
from glassgate.explorer.page import POLICY, page
from glassgate.pages.colours import DARK, NETWORKS, WIRES
from tests.explorer.conftest import NAMES
from tests.explorer.explorer_cases import modules_of, payload_of

WEB = Path(__file__).parents[2] / "src" / "glassgate" / "explorer" / "web"
LIMIT = 2_000_000  # bytes of a page with the demo's four networks
SPECIFIER = re.compile(r"""(?:^import|\bfrom) ["']([^"']+)["'];""", re.M)


@pytest.fixture(scope="module")
def html(networks: Path) -> str:
    return page(Content({name: load(networks / name) for name in NAMES}))


def test_the_same_networks_make_the_same_page(networks: Path, html: str):
    assert page(Content({name: load(networks / name) for name in NAMES})) == html


def test_each_module_of_the_folder_stands_in_the_page_and_finds_what_it_imports(html: str):
    modules = modules_of(html)
    files = {f"glassgate/{path.relative_to(WEB).as_posix()}" for path in WEB.rglob("*.js")}
    assert modules.keys() == files
    imported = {name for text in modules.values() for name in SPECIFIER.findall(text)}
    assert imported <= modules.keys()
    assert {"glassgate/core/model.js", "glassgate/app/store.js"} <= imported


def test_modules_stand_there_as_they_are_written_but_for_the_names_of_imports(html: str):
    (path,) = WEB.glob("app/store.js")  # imports nothing
    assert modules_of(html)["glassgate/app/store.js"] == path.read_text()


class Attributes(HTMLParser):
    """Collects what could fetch something: every src, href and action, and the policy."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.policy = ""
        self.nonces: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [str(values[name]) for name in ("src", "href", "action") if name in values]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(values["content"])
        if tag in ("script", "style") and "type" not in values:  # others hold data and text
            self.nonces.append(values.get("nonce"))


def test_the_page_names_no_other_file_and_its_policy_forbids_every_request(html: str):
    found = Attributes()
    found.feed(html)
    assert all(link.startswith("#") for link in found.links)
    (nonce,) = set(found.nonces)
    assert nonce
    assert found.policy == "; ".join(POLICY).format(nonce=nonce)
    assert "default-src 'none'" in found.policy
    assert "connect-src 'none'" in found.policy
    assert "unsafe" not in found.policy


def test_the_colours_are_the_projects_own_on_light_and_on_dark_pages(html: str):
    light, _, dark = html.partition("@media (prefers-color-scheme: dark)")
    for name, colour in (NETWORKS | {f"wire-{key}": value for key, value in WIRES.items()}).items():
        variable = name if name.startswith("wire-") else f"network-{name.replace(' ', '-')}"
        assert f"--{variable}: {colour};" in light
        if colour.lower() in DARK:
            assert f"--{variable}: {DARK[colour.lower()]};" in dark


def test_four_networks_of_the_demos_size_stay_within_the_limit(html: str):
    weights = 400_000  # bytes of the demo's four files, twice as many networks as here in base64
    models = sum(len(model["weights"]) for model in payload_of(html)["models"])
    assert len(html.encode()) - models + weights * 4 / 3 < LIMIT


def test_no_name_and_no_word_can_end_the_script_or_the_title(trained: Path):
    loaded = load(trained / "lines")
    hostile = '</script><script>alert("1")</script>'
    config = {**loaded.config, "data": hostile}
    html = page(Content({hostile: replace(loaded, config=config)}, text=hostile))
    content = payload_of(html)
    assert content["models"][0]["name"] == hostile
    assert content["models"][0]["config"]["data"] == hostile
    assert content["text"] == hostile
    assert hostile not in html
    assert json.dumps(hostile)[1:-1].replace("<", "\\u003c") in html
