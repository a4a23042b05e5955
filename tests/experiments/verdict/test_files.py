"""`glassgate experiment verdict` on real sentences: how they are read, and what is refused."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from glassgate.errors import BadInput
from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.real_reviews import Files, read_sentences
from glassgate.experiments.verdict.reviews import Design, split_sentences, write_reviews

WORDS = ("red", "green", "blue", "grey", "black", "white", "brown")


@pytest.fixture
def files(tmp_path) -> Files:
    """Write 49 verdicts of each class, and 49 sentences of a plot, some too short or too long."""
    pairs = [(a, b) for a in WORDS for b in WORDS]
    verdicts, plot = tmp_path / "films.csv", tmp_path / "novel.txt"
    rows = [f'"A {a} film, {b} and {what}!",{label}'
            for label, what in (("pos", "fine"), ("neg", "dull"), ("pos", "fine"))
            for a, b in pairs]  # fmt: skip
    verdicts.write_text("\n".join(["said,mood", *rows, "Bad.,neg", f"{'very ' * 40}bad,neg"]))
    told = [f"The {a} door opened on\n  a {b} room{end}" for (a, b), end in
            zip(pairs, "." * 20 + "!" * 20 + "?" * 9, strict=True)]  # fmt: skip
    plot.write_text("\n".join(["Oh! ", *told]))
    return Files(verdicts, plot, "said", "mood")


def test_each_sentence_is_taken_once_in_small_letters(files):
    found = read_sentences(files)
    assert set(found.verdicts) == {("phrase", "negative"), ("phrase", "positive")}
    dull, fine = found.verdicts.values()
    assert len(dull) == len(fine) == len(found.plot) == 49
    assert dull[1] == ("a", "red", "film", ",", "green", "and", "dull", "!")
    assert found.plot[-1] == ("the", "brown", "door", "opened", "on", "a", "brown", "room", "?")


def test_reviews_of_real_verdicts_are_balanced(files):
    parts = split_sentences(read_sentences(files), 0)
    design = Design("mixed", "phrase", distractors=False)
    for part in parts:
        for review in write_reviews(part, 12, 2, design, (0, 1)):
            verdict = review.words[review.begin : review.end]
            assert verdict in part.verdicts["phrase", review.verdict]
            assert not review.negated
    reviews = write_reviews(parts.train, 12, 2, design, (0, 1))
    assert sum(review.verdict == "positive" for review in reviews) == 6
    assert [sum(r.place == p for r in reviews) for p in ("first", "middle", "last")] == [4, 4, 4]


def test_the_command_reads_them(glassgate_, files, tmp_path, monkeypatch):
    small = replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1)
    monkeypatch.setattr(experiment, "REAL_PLAN", experiment.Plan(2, 36, 18, 18, small))
    command = "experiment verdict --verdicts films.csv --plot novel.txt --text said --label mood"
    said = glassgate_(*command.split(), "--seeds", 2)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "verdict" / "results.json").read_text())
    digests = [sha256((tmp_path / name).read_bytes()) for name in ("films.csv", "novel.txt")]
    both = sha256("".join(digest.hexdigest() for digest in digests).encode())
    assert results["files"] == {
        "verdicts": "films.csv",
        "plot": "novel.txt",
        "sha256": both.hexdigest(),
        "text": "said",
        "label": "mood",
    }
    assert [condition["kind"] for condition in results["conditions"]] == ["phrase"] * 6
    shown = results["conditions"][0]["runs"][0]["shown"]
    assert shown["unknown"][:2] == ["this", "is"]
    html = (tmp_path / "verdict" / "report.html").read_text()
    assert "real sentences (novel.txt, films.csv)" in html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdicts": "none.csv"}, "there is no file none.csv"),
        ({"plot": "none.txt"}, "there is no file none.txt"),
        ({"text": "texts"}, "no column 'texts'"),
        ({"label": "said"}, "must have two classes in 'said', got"),
        ({"plot": "films.csv"}, "expected 40 or more sentences in films.csv of 4 to 30 words, got"),
    ],
)
def test_what_cannot_be_read_is_refused_before_training(glassgate_, files, tmp_path, change, said):
    asked = {"verdicts": "films.csv", "plot": "novel.txt", "text": "said", "label": "mood"} | change
    options = [part for name, value in asked.items() for part in (f"--{name}", value)]
    found = glassgate_("experiment", "verdict", *options)
    assert found.code == 2
    assert said in found.err
    assert len(found.err) < 400
    assert not (tmp_path / "verdict").exists()


@pytest.mark.parametrize("option", ["--verdicts", "--plot"])
def test_one_file_is_not_enough(glassgate_, files, option):
    found = glassgate_("experiment", "verdict", option, "films.csv")
    assert found.code == 2
    assert "--verdicts and --plot go together" in found.err


def test_too_few_of_a_class_are_refused(files):
    lines = files.verdicts.read_text().splitlines()
    files.verdicts.write_text("\n".join([*lines[:60], "So so it was.,neg"]))
    with pytest.raises(BadInput, match=r"expected 40 or more neg texts in .*csv of .*, got 1"):
        read_sentences(files)


def test_the_plan_tells_files_of_other_contents_apart(files):
    recorded = files.to_json()
    files.plot.write_text(files.plot.read_text() + " One more sentence stands here.")
    changed = files.to_json()
    assert {name for name in recorded if recorded[name] != changed[name]} == {"sha256"}
