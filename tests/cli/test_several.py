"""`glassgate score` and `pairs` with several files and models, and columns of any kind."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import pytest

from glassgate.analysis.intervals import share_interval, t_interval
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from tests.conftest import Run, names, write_corpus

HOSTILE = {
    "text": "the boy fell",
    "surprisal": "mine",
    "line": "his",
    "condition": 'a "b", c',
    "comma": "1,2",
    "lines": "one\ntwo\r\nthree\tfour",
    "mark": "#1",
    "größe": "ﬁ – 漢字 \U0001f600",
    "quoted": '"',
}


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three models that differ in their seeds, only to be read."""
    folder = tmp_path_factory.mktemp("seeds")
    corpus = write_corpus(folder / "corpus.txt")
    for seed in range(3):
        settings = Settings(
            *(), hidden_size=6, embedding_size=4, batch_size=8, epochs=1, dropout=0.0, seed=seed
        )
        train_language(corpus, Output(folder / f"gru-{seed}"), settings, by_sentence=True)
    return [folder / f"gru-{seed}" for seed in range(3)]


def table(text: str) -> list[dict[str, str]]:
    """Read a table as R and pandas do: cells in quotation marks may hold line breaks."""
    lines = text.splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    rest = io.StringIO("".join(lines[start:]), newline="")
    return list(csv.DictReader(rest, delimiter="\t"))


def numbers(rows: Sequence[dict[str, str]], name: str) -> list[float]:
    return [float(row[name]) for row in rows]


# score ----------------------------------------------------------------------------------------


def test_the_mean_of_models_and_the_values_of_each(
    glassgate_: Run, seeds: list[Path], tmp_path: Path
):
    (tmp_path / "t.txt").write_text("the boy fell\nthe zyx\n")
    said = glassgate_("score", "t.txt", "--models", *seeds, "-o", "mean.tsv")
    assert (said.code, said.out) == (0, "")
    averaged = table((tmp_path / "mean.tsv").read_text())
    said = glassgate_("score", "t.txt", "--by-model", "--models", *seeds, "--previous", 1)
    each = table(said.out)
    assert [row["model"] for row in each] == [f"gru-{seed}" for seed in range(3) for _ in averaged]
    alone = table(glassgate_("score", seeds[1], "t.txt").out)
    for name in ("surprisal", "entropy", "entropy_reduction", "rank"):
        of_models = [numbers(each[start : start + 7], name) for start in (0, 7, 14)]
        assert of_models[1] == numbers(alone, name)
        wanted = [mean(values) for values in zip(*of_models, strict=True)]
        assert numbers(averaged, name) == pytest.approx(wanted, abs=1e-6)
        low, high = zip(*map(t_interval, zip(*of_models, strict=True)), strict=True)
        assert numbers(averaged, f"{name}_low") == pytest.approx(low, abs=2e-5)
        assert numbers(averaged, f"{name}_high") == pytest.approx(high, abs=2e-5)
    assert [row["unknown"] for row in averaged] == [row["unknown"] for row in alone]
    assert [row["previous_1_surprisal"] for row in each[7:9]] == ["", alone[0]["surprisal"]]
    assert said.err.startswith("15 tokens and 6 ends of lines (3 models), ")


def test_files_follow_each_other_each_from_its_start(
    glassgate_: Run, trained: Path, tmp_path: Path
):
    (tmp_path / "a.txt").write_text("the boy\n")
    (tmp_path / "b.txt").write_text("fell\nand\n")
    both = table(glassgate_("score", trained / "stream", "a.txt", "b.txt").out)
    assert [(row["file"], row["sentence"]) for row in both] == [
        *[("a.txt", "1"), ("a.txt", "1"), ("b.txt", "1"), ("b.txt", "2")]
    ]
    alone = table(glassgate_("score", trained / "stream", "b.txt").out)
    assert numbers(both[2:], "surprisal") == numbers(alone, "surprisal")
    assert "file" not in alone[0]


def test_columns_of_any_kind_come_back(glassgate_: Run, trained: Path, tmp_path: Path):
    (tmp_path / "i.jsonl").write_text(json.dumps(HOSTILE))
    said = glassgate_("score", trained / "lines", "i.jsonl", "-o", "o.tsv")
    assert said.code == 0
    rows = table((tmp_path / "o.tsv").read_bytes().decode())
    assert [row["token"] for row in rows] == ["the", "boy", "fell", "<eos>"]
    wanted = {k: v for k, v in HOSTILE.items() if k not in ("text", "surprisal")}
    wanted["input_surprisal"] = "mine"
    for row in rows:
        assert {name: row[name] for name in wanted} == wanted
    assert "'surprisal' is 'input_surprisal'" in (tmp_path / "o.tsv").read_text()
    condition = said.err.splitlines()[-3]
    assert condition.startswith('a "b", c  ')


def test_pandas_reads_such_columns(glassgate_: Run, trained: Path, tmp_path: Path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    (tmp_path / "i.jsonl").write_text(json.dumps(HOSTILE))
    glassgate_("score", trained / "lines", "i.jsonl", "-o", "o.tsv")
    found = pandas.read_csv("o.tsv", sep="\t", comment="#", keep_default_na=False)
    assert found["lines"].tolist() == [HOSTILE["lines"]] * 4
    assert found["mark"].tolist() == ["#1"] * 4


def test_frequencies_are_those_of_the_corpora(glassgate_: Run, trained: Path, tmp_path: Path):
    (tmp_path / "t.txt").write_text("the boy.\n")
    (tmp_path / "c.txt").write_text("the The the\n")
    (tmp_path / "d.txt").write_text("boy\n")
    command = ("score", trained / "lines", "t.txt", "--by-word", "--frequencies", "c.txt", "d.txt")
    rows = table(glassgate_(*command).out)
    wanted = ["19.516531", "17.931569", ""]  # log2 of 750,000 and of 250,000
    assert [row["log_frequency"] for row in rows] == wanted


def test_means_by_condition_are_printed(glassgate_: Run, seeds: list[Path], tmp_path: Path):
    text = "condition\ttext\nx\tthe boy fell\ny\tthe girl\nx\tthe girl\ny\tthe zyx\n"
    (tmp_path / "i.tsv").write_text(text)
    said = glassgate_("score", seeds[0], "i.tsv", "-o", "o.tsv")
    rows = table((tmp_path / "o.tsv").read_text())
    sums = [sum(numbers([r for r in rows if r["sentence"] == n], "surprisal")) for n in "13"]
    low, high = t_interval(sums)
    heading, x, y, caption, _ = said.err.splitlines()
    assert " ".join(heading.split()) == "condition sentences with unknown bits 95% interval"
    assert x.split() == ["x", "2", "0", f"{mean(sums):.3f}", f"{low:.3f}", "to", f"{high:.3f}"]
    assert y.split()[:3] == ["y", "1", "1"]
    assert caption.endswith("Intervals are over sentences.")
    said = glassgate_("score", "i.tsv", "--models", *seeds[:2], "-o", "two.tsv")
    assert "Intervals are over models.\nIntervals over two models say little" in said.err


# pairs ----------------------------------------------------------------------------------------

PAIRS = (
    "sentence_bad\titem\tsentence_good\tcondition\tright\n"
    "the boy hurt her knee\t1\tthe boy hurt his knee\the\tx\n"
    "the girl hurt his knee\t1\tthe girl hurt her knee\tshe\t\n"
    "the zyx hurt her knee\t2\tthe zyx hurt his knee\the\t\n"
    "the zyx hurt his knee\t2\tthe zyx hurt her knee\tshe\t\n"
)
TWO_PREFIX = {
    "sentence_good": "the zyx saw his knee",
    "sentence_bad": "the zyy saw his knee",
    "two_prefix_prefix_good": "the zyx saw",
    "two_prefix_prefix_bad": "the zyy saw",
    "two_prefix_word": "his",
}


def test_pairs_whose_cue_is_unknown_are_right_by_chance(
    glassgate_: Run, trained: Path, tmp_path: Path
):
    """Half of the pairs with an unknown subject are right, whatever the model has learned."""
    (tmp_path / "p.tsv").write_text(PAIRS)
    (tmp_path / "q.jsonl").write_text(json.dumps(TWO_PREFIX))
    said = glassgate_("pairs", trained / "lines", "p.tsv", "q.jsonl", "-o", "o", "--json", "j")
    assert said.code == 0
    found = json.loads((tmp_path / "j").read_text())
    shares = {(a["method"], a["pairs"]): (a["n"], a["accuracy"]) for a in found["accuracies"]}
    assert [n for (_, pairs), (n, _) in shares.items() if pairs == "known to critical"] == [2, 2]
    assert shares["critical word", "critical words known"][0] == 5
    rows = table((tmp_path / "o").read_text())
    unknown = rows[2:4]
    assert sorted(row["critical_right"] for row in unknown) == ["0", "1"]
    assert [row["known_to_critical"] for row in rows] == ["1", "1", "0", "0", "0"]
    assert [row["same_tokens"] for row in rows] == ["0", "0", "0", "0", "1"]
    assert (rows[4]["critical_right"], found["counts"]["same_tokens"]) == ("0.5", 1)
    assert "3 have an unknown word before it; 1 are the same tokens" in said.out
    assert [row["input_right"] for row in rows] == ["x", "", "", "", ""]
    assert [row["condition"] for row in rows] == ["he", "she", "he", "she", ""]
    assert [row["file"] for row in rows] == ["p.tsv"] * 4 + ["q.jsonl"]
    assert rows[4]["two_prefix_word"] == "his"
    groups = {(one["by"], one["name"]): one["accuracies"] for one in found["groups"]}
    assert list(groups) == [
        *[("condition", "he"), ("condition", "she"), ("file", "p.tsv"), ("file", "q.jsonl")]
    ]
    assert [one["n"] for one in groups["condition", "he"] if one["method"] == "whole sentence"] == [
        *[2, 2, 1, 1]
    ]
    assert "By condition, pairs known to critical:" in said.out
    assert said.out.splitlines()[-1].startswith('Cite the pairs "known to critical": ')


def test_accuracies_of_models_have_a_mean_and_an_interval_over_them(
    glassgate_: Run, seeds: list[Path], tmp_path: Path
):
    (tmp_path / "p.tsv").write_text(PAIRS)
    said = glassgate_("pairs", "p.tsv", "--models", *seeds, "--json", "j", "-o", "o")
    assert said.code == 0
    found = json.loads((tmp_path / "j").read_text())
    wanted = [
        one["accuracy"]
        for one in found["accuracies"]
        if (one["method"], one["pairs"]) == ("critical word", "known to critical")
    ]
    (averaged,) = [
        one
        for one in found["means"]
        if (one["method"], one["pairs"]) == ("critical word", "known to critical")
    ]
    assert averaged["accuracy"] == pytest.approx(mean(wanted))
    assert averaged["interval"] == pytest.approx(share_interval(wanted))
    assert averaged["n"] == [2, 2, 2]
    low, high = averaged["interval"]
    wanted_line = ["critical", "word", "known", "to", "critical", "2", f"{mean(wanted):.1%}"]
    assert [*wanted_line, f"{low:.1%}", "to", f"{high:.1%}"] in map(str.split, said.out.split("\n"))
    assert "Mean of 3 models, intervals over models:" in said.out
    models = [row["model"] for row in table((tmp_path / "o").read_text())]
    assert models == [f"gru-{seed}" for seed in range(3) for _ in range(4)]


# What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["score", "pairs"])
@pytest.mark.parametrize("bad", ["missing.tsv", "bad.tsv"])
def test_with_one_bad_file_of_many_nothing_is_written(
    glassgate_: Run, trained: Path, tmp_path: Path, command: str, bad: str
):
    fine = "text\titem\nthe boy\t1\n" if command == "score" else "the boy\tthe by\n"
    for name in ("a.tsv", "b.tsv"):
        (tmp_path / name).write_text(fine)
    (tmp_path / "bad.tsv").write_bytes(fine.encode() + b"\xff\t1\n")
    before = names(tmp_path)
    said = glassgate_(command, trained / "lines", "a.tsv", bad, "b.tsv", "-o", "o.tsv")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("glassgate: ")
    assert bad in said.err
    assert said.err.count("\n") == 1
    assert names(tmp_path) == before


@pytest.mark.parametrize("command", ["score", "pairs"])
def test_models_and_files_are_told_apart(
    glassgate_: Run, trained: Path, tmp_path: Path, command: str
):
    (tmp_path / "p.tsv").write_text("text\tgood\tbad\nthe boy\tthe boy\tthe\n")
    lines, stream = trained / "lines", trained / "stream"
    form = "write MODEL FILE..., or FILE... --models MODEL..."
    for words, wanted in (
        ([], f"expected a model and one or more files, got neither: {form}"),
        ([lines], f"expected a model and one or more files, got {lines}: {form}"),
        (["--models", lines, "p.tsv"], f"got {lines} p.tsv: {form}"),
        (["p.tsv", "--models", lines, lines], f"the model {lines} is given twice"),
        ([lines, "p.tsv", "./p.tsv"], "the file p.tsv is given twice"),
        (["p.tsv", "--models", lines, trained / "sentiment"], "a classifier gives no surprisal"),
        (["p.tsv", "--models", lines, stream], "all models must read a text in the same way, li"),
        (["p.tsv", "--models"], "requires an argument"),
    ):
        said = glassgate_(command, *words)
        assert (said.code, said.out) == (2, "")
        assert wanted in " ".join(said.err.split())
    assert glassgate_(command, "--models", lines, "--", "p.tsv").code == 0
    assert glassgate_(command, "--models", lines, "-o", "o.tsv", "p.tsv").code == 0
