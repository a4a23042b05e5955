"""`glassgate explore`: what it writes, and one sentence for each thing that it cannot use."""

import webbrowser
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.explorer.conftest import NAMES
from tests.explorer.explorer_cases import payload_of


def test_the_command_writes_a_page_with_the_models_in_order(
    glassgate_: Run, networks: Path, tmp_path: Path
):
    said = glassgate_("explore", *(networks / name for name in NAMES), "--output", "box.html")
    assert (said.code, said.out) == (
        0,
        "box.html: feedforward, srn, gru, lstm; open it in a browser.\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["box.html"]
    content = payload_of((tmp_path / "box.html").read_text())
    assert [model["name"] for model in content["models"]] == list(NAMES)
    assert content["grammar"]["name"] == "english.grammar"


def test_folders_of_one_name_are_told_apart_by_their_paths(
    glassgate_: Run, networks: Path, trained: Path, tmp_path: Path
):
    (tmp_path / "srn").symlink_to(trained / "srn")
    assert glassgate_("explore", networks / "srn", "srn").code == 0
    content = payload_of((tmp_path / "explorer.html").read_text())
    assert [model["name"] for model in content["models"]] == [str(networks / "srn"), "srn"]


def test_a_text_and_a_grammar_come_along(glassgate_: Run, trained: Path, tmp_path: Path):
    Path("text.txt").write_text("the girl fell and hurt her knee .\n")
    Path("own.grammar").write_text("S\n    the boy fell | the girl fell\n")
    options = ("--text", "text.txt", "--grammar", "own.grammar", "--output", "box.html")
    assert glassgate_("explore", trained / "lines", *options).code == 0
    content = payload_of((tmp_path / "box.html").read_text())
    assert content["text"] == "the girl fell and hurt her knee ."
    assert content["grammar"]["name"] == "own.grammar"


def test_open_shows_the_page_in_a_browser(
    glassgate_: Run, networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert glassgate_("explore", networks / "gru", "--output", "box.html", "--open").code == 0
    assert shown == [(tmp_path / "box.html").as_uri()]


@pytest.mark.parametrize("kind", ["letters", "deep", "sentiment", "stream", "lstm"])
def test_every_kind_of_model_has_its_page(
    glassgate_: Run, trained: Path, tmp_path: Path, kind: str
):
    assert glassgate_("explore", trained / kind).code == 0
    content = payload_of((tmp_path / "explorer.html").read_text())
    assert content["grammar"] is None


def refused(glassgate_: Run, folder: Path, *arguments: object) -> str:
    """What a command says that is refused and has written nothing."""
    before = sorted(folder.iterdir())
    said = glassgate_("explore", *arguments)
    assert said.code == 2
    assert said.out == ""
    assert sorted(folder.iterdir()) == before
    (line,) = [line for line in said.err.splitlines() if not line.startswith("Reading ")]
    return line.removeprefix("glassgate: ")


def test_bad_input_gets_one_sentence_and_writes_nothing(
    glassgate_: Run, networks: Path, tmp_path: Path
):
    gru = networks / "gru"
    Path("taken.html").write_text("mine")
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    Path("bad.grammar").write_text("S\n    the Zebra\n")
    Path("half").mkdir()
    for arguments, expected in (
        ([gru, "nowhere"], "there is no model folder nowhere"),
        ([gru, "half"], "half has no config.json"),
        ([gru, gru], f"the model {gru} is given twice"),
        ([gru, "--output", "taken.html"], "taken.html already exists: choose another name or pass"),
        ([gru, "--output", "half"], "half is a folder, expected the name of a file"),
        ([gru, "--output", "no/box.html"], "no is not a folder, so box.html cannot be written"),
        ([gru, "--text", "none.txt"], "there is no file none.txt"),
        ([gru, "--text", "latin.txt"], "latin.txt is not UTF-8"),
        ([gru, "--grammar", "none.grammar"], "there is no file none.grammar"),
        ([gru, "--grammar", "bad.grammar"], "bad.grammar, line 2: no category 'Zebra'"),
    ):
        assert refused(glassgate_, tmp_path, *arguments).startswith(expected), arguments
    assert Path("taken.html").read_text() == "mine"


def test_too_large_models_are_refused_unless_large_is_given(
    glassgate_: Run, networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("glassgate.explorer.payload.MAX_WEIGHTS", 1000)
    assert "pass --large" in refused(glassgate_, tmp_path, networks / "gru")
    assert glassgate_("explore", networks / "gru", "--large").code == 0


def test_overwrite_replaces_a_page(glassgate_: Run, networks: Path):
    Path("explorer.html").write_text("old")
    assert glassgate_("explore", networks / "gru", "--overwrite").code == 0
    assert payload_of(Path("explorer.html").read_text())["models"]
