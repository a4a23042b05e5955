"""Whatever stands in a vocabulary, a class, a name or a sentence is text; nothing leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glassgate import load
from glassgate.explorer import Content, explore, write_explorer
from glassgate.train.tokens import Vocabulary
from tests.explorer.browser.conftest import Open, Opened

SCRIPT = "<script>window.broken = 1</script>"
IMAGE = '"><img src=x onerror="window.broken = 1">'
LEFTWARDS = "\u202edaer\u2066'\u05d0\u05d1\u200f"
HOSTILE = [
    SCRIPT,
    IMAGE,
    LEFTWARDS,
    "</script>",
    "<!--",
    "&lt;b&gt;",
    "' onload='",
    "{{7*7}}",
    "\u2028",
]


def unbroken(page: Opened) -> None:
    """No script of a text has run, and no element was made of one."""
    assert page.page.evaluate("window.broken") is None
    assert page.page.locator("main img, main iframe, main script, [onerror], [onload]").count() == 0


def hostile_model(folder: Path, target: Path) -> Path:
    """A copy of a model folder in whose vocabulary hostile tokens stand for words."""
    target.mkdir()
    for name in ("config.json", "model.safetensors"):
        (target / name).write_bytes((folder / name).read_bytes())
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    tokens = [*list(vocabulary)[:3], *HOSTILE, *list(vocabulary)[3 + len(HOSTILE) :]]
    tokenizer["model"]["vocab"] = {token: number for number, token in enumerate(tokens)}
    (target / "tokenizer.json").write_text(json.dumps(tokenizer))
    return target


def test_hostile_words_of_a_vocabulary_stay_text(open_page: Open, trained: Path, tmp_path: Path):
    model = load(hostile_model(trained / "lines", tmp_path / "model"))
    write_explorer(tmp_path / "box.html", Content({IMAGE: model}))
    page = open_page(tmp_path / "box.html")
    shown: set[str] = set()
    for word in range(4):
        page.go(text="the boy fell and", word=word, network=IMAGE)
        shown |= set(page.next()[IMAGE])
    assert len(shown & set(HOSTILE)) >= 2
    bars = page.page.locator("#next-words button[data-next]:not([hidden] *)").all_inner_texts()
    for token in set(page.next()[IMAGE]) & {SCRIPT, IMAGE}:
        assert any(token in bar for bar in bars)
    assert page.page.locator("#reader button", has_text=IMAGE).count() == 1
    unbroken(page)


@pytest.mark.parametrize("sentence", [*HOSTILE, " ".join(HOSTILE)])
def test_a_hostile_sentence_stays_text(open_page: Open, four: Path, sentence: str):
    page = open_page(four)
    page.page.locator("#text").fill(f"the boy {sentence} fell")
    page.settle()
    unbroken(page)
    again = open_page(four, page.state())
    assert again.page.locator("#text").input_value() == page.page.locator("#text").input_value()
    unbroken(again)


def test_hostile_classes_stay_text(open_page: Open, trained: Path, tmp_path: Path):
    loaded = load(trained / "sentiment")
    classes = [SCRIPT, IMAGE]
    model = replace(loaded, config={**loaded.config, "classes": classes})
    write_explorer(tmp_path / "box.html", Content({"sentiment": model}))
    page = open_page(tmp_path / "box.html")
    page.go(text="a good book", network="sentiment")
    assert set(page.next()["sentiment"]) == set(classes)
    unbroken(page)


def test_a_hostile_text_of_the_command_stays_text(open_page: Open, trained: Path, tmp_path: Path):
    content = Content({"lines": load(trained / "lines")}, text="\n".join(HOSTILE))
    write_explorer(tmp_path / "box.html", content)
    page = open_page(tmp_path / "box.html")
    assert page.page.locator("#text").input_value() == SCRIPT
    assert IMAGE in "".join(page.page.locator("#sentence option").all_inner_texts())
    unbroken(page)


def test_the_policy_stops_what_a_script_in_the_page_would_fetch(open_page: Open, four: Path):
    page = open_page(four)
    script = """async () => {
      const failed = await fetch("https://example.org").then(() => false, () => true);
      const image = new Image();
      const stopped = new Promise((done) => { image.onerror = () => done(true); });
      image.src = "https://example.org/image.png";
      const element = document.createElement("script");
      element.textContent = "window.broken = 1";
      document.body.append(element);
      return [failed, await stopped];
    }"""
    assert page.page.evaluate(script) == [True, True]
    assert page.page.evaluate("window.broken") is None
    assert len(page.errors) >= 3
    assert all(
        "Content Security Policy" in error or "example.org" in error for error in page.errors
    )
    page.errors.clear()
    assert not [url for url in page.requests if "example" in url and "png" not in url]
    page.requests.clear()


def test_a_notebooks_frame_runs_the_page_without_an_address(
    open_page: Open, networks: Path, tmp_path: Path
):
    shown = explore(load(networks / "gru"), "the boy fell down and hurt")
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><html data-ready='true'>{shown._repr_html_()}</html>")
    page = open_page(file)
    frame = page.page.frame_locator("iframe")
    frame.locator("html[data-ready=true]").wait_for(timeout=60_000)
    assert frame.locator("#text").input_value() == "the boy fell down and hurt"
    frame.locator("#text").fill("the girl")
    assert frame.locator("#reader .word").count() == 3


def test_vocabularies_of_the_page_and_of_python_split_hostile_texts_alike(
    open_page: Open, networks: Path, four: Path
):
    vocabulary = Vocabulary.load(networks / "gru" / "tokenizer.json")
    page = open_page(four)
    for text in (*HOSTILE, "The BOY's don\u2019t _x_ 3.5 \u00c9t\u00e9 \ufb01n\U0001f600 \u0130x"):
        page.page.locator("#text").fill(text)
        page.settle()
        words = page.page.locator("#reader .word").all_text_contents()[1:]
        assert [word.lower() for word in words] == [word.lower() for word in vocabulary.words(text)]
