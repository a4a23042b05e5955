"""Bring your own: the three files of a model folder, and one sentence for whatever is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassgate import load
from tests.explorer.browser.conftest import Open, Opened

FILES = ("model.safetensors", "config.json", "tokenizer.json")


def bring(page: Opened, *files: Path) -> str:
    """Choose files, and return what the page says of them."""
    answer = page.page.locator("#bring [role=status]")
    before = answer.text_content()  # `inner_text` is empty where the view is out of sight
    page.page.locator("#bring-files").set_input_files(files)
    for _ in range(100):
        if answer.text_content() != before:
            break
        page.page.wait_for_timeout(50)
    page.settle()
    return answer.text_content() or ""


@pytest.mark.parametrize("kind", ["deep", "letters", "lstm", "sentiment"])
def test_a_brought_model_runs_beside_the_others(
    open_page: Open, four: Path, trained: Path, kind: str
):
    page = open_page(four)
    page.page.locator("#text").fill("the boy fell")
    model = load(trained / kind)
    said = bring(page, *(trained / kind / name for name in (*FILES, "metrics.jsonl")))
    name = f"my {model.settings.network}"
    assert said.startswith(f"{name} runs now: ")
    pressed = page.page.locator("#reader [aria-pressed=true]").all_inner_texts()
    assert pressed == [name]
    page.go(text="the boy fell", network=name)
    shown, expected = page.next()[name], dict(model.predict("the boy fell").ranked)
    assert shown == pytest.approx({word: expected[word] for word in shown}, rel=2e-5, abs=1e-7)


def test_a_second_model_of_the_same_kind_gets_a_name_of_its_own(
    open_page: Open, four: Path, trained: Path
):
    page = open_page(four)
    for expected in ("my srn runs now", "my srn 2 runs now"):
        assert bring(page, *(trained / "srn" / name for name in FILES)).startswith(expected)


def test_what_is_no_model_gets_one_sentence_and_changes_nothing(
    open_page: Open, four: Path, trained: Path, tmp_path: Path
):
    page = open_page(four)
    page.page.wait_for_timeout(600)
    networks = page.page.locator("#reader .choice button").all_inner_texts()
    good = {name: (trained / "deep" / name).read_bytes() for name in FILES}
    config = json.loads(good["config.json"])
    tall = {**config, "settings": {**config["settings"], "hidden_size": 10**9}}
    vast = {"embedding.weight": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}}
    header = json.dumps(vast).encode()
    for number, (changed, expected) in enumerate((
        ({"config.json": b"{"}, "config.json is not JSON"),
        ({"tokenizer.json": b"[]"}, "tokenizer.json"),
        ({"model.safetensors": b"PK\3\4pickle"}, "the file of weights is not a safetensors file"),
        ({"model.safetensors": good["model.safetensors"][:-4]}, "file"),
        ({"model.safetensors": len(header).to_bytes(8, "little") + header}, "embedding.weight"),
        ({"model.safetensors": b"\xff" * 64}, "the file of weights"),
        ({"config.json": json.dumps(tall).encode()}, "must have the shape"),
        ({"config.json": b"null"}, "config.json must have the kind"),
    )):  # fmt: skip
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in (good | changed).items():
            (folder / name).write_bytes(data)
        said = bring(page, *(folder / name for name in FILES))
        assert said.startswith("This is no model: "), said
        assert expected in said
        assert said.endswith(".")
    other = tmp_path / "notes.txt"
    other.write_text("notes")
    assert bring(page, other) == (
        "notes.txt: expected model.safetensors, config.json and tokenizer.json of a model folder."
    )
    said = bring(page, trained / "deep" / "config.json", other)
    assert said.startswith("model.safetensors and tokenizer.json are missing: drop ")
    assert page.page.locator("#reader .choice button").all_inner_texts() == networks
