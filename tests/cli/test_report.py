"""`glassgate report`: the page it writes, and what it refuses."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.pages.page_parts import parse, section


def test_the_command_writes_one_page(glassgate_: Run, trained: Path, tmp_path: Path):
    text = trained / "corpus.txt"
    said = glassgate_(
        "report", trained / "lines", "--text", text, "--sentence", "the <boy> & zyzzyx fell",
        "--sentence", "she hurt her knee",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    assert (
        said.out == "report.html: 60 of 60 lines of corpus.txt: 480 words and punctuation marks.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    html = (tmp_path / "report.html").read_text()
    page = parse(html)
    gates = section(page, "What does each unit do, word by word?")
    titles = [exhibit.one("h3").text for exhibit in gates.all("div", class_="exhibit")]
    assert [title.partition(" i ")[0] for title in titles] == [
        f"{gate}: “{words}”"
        for words in ("the < boy > & zyzzyx fell", "she hurt her knee")
        for gate in ("Kept share", "Reset gate")
    ]
    assert "does not know “<”, “>”, “&”, “zyzzyx” and reads <unk> instead" in gates.text
    assert "<boy>" not in html
    assert "glassgate report" in page.one("footer").text
    assert "60 of 60 lines of corpus.txt" in page.one("p", class_="lead").text
    again = glassgate_("report", trained / "lines", "--text", text)
    assert again.code == 2
    assert again.err == (
        "glassgate: report.html already exists: choose another name or pass --overwrite\n"
    )
    assert (tmp_path / "report.html").read_text() == html
    assert glassgate_("report", trained / "lines", "--text", text, "--overwrite").code == 0


def test_a_sample_is_said_and_depends_on_the_seed_alone(
    glassgate_: Run, trained: Path, tmp_path: Path
):
    text = tmp_path / "long.txt"
    text.write_text("".join(f"the boy fell {i}\n" for i in range(500)))
    made = []
    for seed in (0, 0, 1):
        said = glassgate_(
            "report", trained / "lines", "--text", text, "--seed", seed, "--overwrite"
        )
        assert (
            f"200 of 500 lines of long.txt, drawn at random with seed {seed}: 800 words" in said.out
        )
        assert "of which 25.0% are not in its vocabulary" in said.out
        made.append((tmp_path / "report.html").read_text())
    assert made[0] == made[1] != made[2]


def test_a_folder_without_a_history_says_so(glassgate_: Run, trained: Path, tmp_path: Path):
    model = shutil.copytree(trained / "lines", tmp_path / "model")
    (model / "metrics.jsonl").unlink()
    assert glassgate_("report", model, "--text", trained / "corpus.txt").code == 0
    page = parse((tmp_path / "report.html").read_text())
    said = section(page, "How did it learn?").one("p").text
    assert said == "The model's folder has no record of its training."


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--text", "none.txt"], "there is no file none.txt"),
        (["--text", "."], ". is a folder, expected a file"),
        (["--text", "empty.txt"], "empty.txt is empty or blank (1 bytes), expected text"),
        (
            ["--text", "t.txt", "--sentence", "  "],
            "a sentence must have 1 to 100 tokens, got 0 in '  '",
        ),
        (
            ["--text", "t.txt", "--sentence", "boy " * 101],
            "a sentence must have 1 to 100 tokens, got 101 in "
            "'boy boy boy boy boy boy boy boy boy boy …'",
        ),
        (["--text", "t.txt", "-o", "no/page.html"], "no is not a folder, so page.html cannot be"),
        (["--text", "t.txt", "-o", "."], ". is a folder, expected the name of a file to write"),
    ],
)
def test_bad_input_gets_one_sentence(glassgate_: Run, trained: Path, tmp_path, options, wanted):
    (tmp_path / "t.txt").write_text("the boy fell\n")
    (tmp_path / "empty.txt").write_text("\n")
    said = glassgate_("report", trained / "lines", *options)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"glassgate: {wanted}")
    assert said.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"t.txt", "empty.txt"}


@pytest.mark.parametrize("line", ["{", "{}", '{"epoch": 1}', "", "[]"])
def test_a_broken_history_is_refused(glassgate_: Run, trained: Path, tmp_path: Path, line: str):
    model = shutil.copytree(trained / "lines", tmp_path / "model")
    (model / "metrics.jsonl").write_text(line)
    said = glassgate_("report", model, "--text", trained / "corpus.txt")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "metrics.jsonl" in said.err
    assert not (tmp_path / "report.html").exists()


def test_a_history_of_words_for_numbers_is_refused(glassgate_: Run, trained: Path, tmp_path: Path):
    model = shutil.copytree(trained / "lines", tmp_path / "model")
    path = model / "metrics.jsonl"
    path.write_text(path.read_text().replace('"train_loss": ', '"train_loss": "low", "x": '))
    said = glassgate_("report", model, "--text", trained / "corpus.txt")
    assert said.code == 2
    assert "'low' is not a number" in said.err
