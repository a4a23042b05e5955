"""The explorer in a notebook: a frame with the whole page in it."""

import html
import re
from pathlib import Path

import pytest

import glassgate
from tests.explorer.explorer_cases import payload_of


def test_a_notebook_shows_the_page_in_a_frame(networks: Path):
    shown = glassgate.explore(glassgate.load(networks / "gru"), "the boy fell down and hurt")
    frame = shown._repr_html_()
    form = r'<iframe title="Glassgate explorer" [^<>]* srcdoc="([^"]*)"></iframe>'
    found = re.fullmatch(form, frame)
    assert found
    assert html.unescape(found[1]) == shown.page
    content = payload_of(shown.page)
    assert [model["name"] for model in content["models"]] == ["gru"]
    assert content["text"] == "the boy fell down and hurt"


def test_several_models_are_shown_by_the_names_that_they_are_given(networks: Path):
    models = {name: glassgate.load(networks / name) for name in ("lstm", "srn")}
    content = payload_of(glassgate.explore(models).page)
    assert [model["name"] for model in content["models"]] == ["lstm", "srn"]


def test_where_there_is_no_html_the_explorer_says_what_it_is(networks: Path):
    shown = repr(glassgate.explore(glassgate.load(networks / "gru")))
    assert re.fullmatch(r"Explorer\(page of [\d,]+ characters, which a notebook shows\)", shown)


def test_too_large_a_model_is_refused_unless_it_is_asked_for(
    networks: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.explorer.payload.MAX_WEIGHTS", 1000)
    model = glassgate.load(networks / "gru")
    with pytest.raises(glassgate.BadInput, match="the weights take"):
        glassgate.explore(model)
    assert glassgate.explore(model, large=True).page
