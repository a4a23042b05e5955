"""`glassgate score`: each surprisal beside the model's own predictions, and tables read back."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

from glassgate import clamp
from glassgate.analysis.prediction import predict
from glassgate.analysis.score_table import BEHIND, TOKENS, WORDS
from glassgate.analysis.scoring import MAX_TOKENS, ScoredToken, by_word, score
from glassgate.cli.screen import head, row
from glassgate.train import Loaded, load
from tests.conftest import TINY, Run, write_corpus

SENTENCE = "the boy fell and hurt his knee ."


def by_prediction(loaded: Loaded, context: str, word: str) -> float:
    return -math.log2(dict(predict(loaded, context).ranked)[word])


def tokens(loaded: Loaded, text: str) -> list[ScoredToken]:
    return [token for stretch in score(loaded, text) for token in stretch]


def spelt(scored: list[ScoredToken]) -> list[tuple[int, int, str]]:
    return [(one.sentence, one.position, one.spelt) for one in scored]


# Tokens ---------------------------------------------------------------------------------------


def test_a_sentence_begins_anew_and_its_end_is_judged(trained: Path):
    loaded = load(trained / "lines")
    found = tokens(loaded, "the boy\n\nthe girl fell\n")
    assert spelt(found) == [
        *[(1, 1, "the"), (1, 2, "boy"), (1, 3, "<eos>")],
        *[(3, 1, "the"), (3, 2, "girl"), (3, 3, "fell"), (3, 4, "<eos>")],
    ]
    wanted = [("", "the"), ("the", "boy"), ("the boy", "<eos>")]
    wanted += [("", "the"), ("the", "girl"), ("the girl", "fell"), ("the girl fell", "<eos>")]
    for token, (context, said) in zip(found, wanted, strict=True):
        assert token.surprisal == pytest.approx(by_prediction(loaded, context, said), rel=1e-5)


def test_a_stream_carries_its_state_over_lines_and_knows_no_end(trained: Path):
    loaded = load(trained / "stream")
    found = tokens(loaded, "the boy\nfell zyzzyx\n")
    assert spelt(found) == [(1, 1, "the"), (1, 2, "boy"), (2, 1, "fell"), (2, 2, "zyzzyx")]
    assert [token.known for token in found] == [True, True, True, False]
    assert found[2].surprisal == pytest.approx(by_prediction(loaded, "the boy", "fell"), rel=1e-5)
    unk = by_prediction(loaded, "the boy fell", "<unk>")
    assert found[3].surprisal == pytest.approx(unk, rel=1e-5)


@pytest.mark.parametrize("model", ["lines", "stream", "letters"])
def test_stretches_change_nothing(trained: Path, monkeypatch: pytest.MonkeyPatch, model: str):
    loaded, text = load(trained / model), (SENTENCE + "\n") * 3 + SENTENCE * 12
    whole = tokens(loaded, text)
    monkeypatch.setattr("glassgate.analysis.scoring.MAX_TOKENS", 7)
    cut = tokens(loaded, text)
    assert spelt(cut) == spelt(whole)
    bits = [[token.surprisal for token in found] for found in (cut, whole)]
    np.testing.assert_allclose(*bits, rtol=1e-4, atol=1e-5)
    words = [list(by_word(iter([found]))) for found in (cut, whole)]
    assert [len(w[0]) for w in words] == [len(words[0][0])] * 2


# Words ----------------------------------------------------------------------------------------


def words(loaded: Loaded, text: str) -> list[tuple[int, int, str, float, bool, int, int]]:
    found = [word for stretch in by_word(score(loaded, text)) for word in stretch]
    return [
        (w.sentence, w.position, w.spelt, w.surprisal, w.known, w.length, w.pieces) for w in found
    ]


def test_what_stands_between_two_spaces_is_summed(trained: Path):
    loaded, text = load(trained / "lines"), "\nThe boy's, \u201cknee.\u201d\nzy-the\n"
    one = [token.surprisal for token in tokens(loaded, text)]
    assert len(one) == 12
    assert words(loaded, text) == [
        (2, 1, "The", one[0], True, 3, 1),
        (2, 2, "boy's,", pytest.approx(one[1] + one[2]), False, 4, 2),
        (2, 3, "\u201cknee.\u201d", pytest.approx(sum(one[3:7])), False, 4, 4),
        (2, 4, "<eos>", one[7], True, 0, 1),
        (3, 1, "zy-the", pytest.approx(sum(one[8:11])), False, 5, 3),
        (3, 2, "<eos>", one[11], True, 0, 1),
    ]


def test_the_end_of_a_line_is_no_word_that_looks_like_it(trained: Path):
    found = words(load(trained / "lines"), "<eos>")
    assert [(w[2], *w[-2:]) for w in found] == [("<eos>", 3, 3), ("<eos>", 0, 1)]


@pytest.mark.parametrize("stretch", [1, 3, 256])
def test_letters_are_summed_with_the_space_that_ends_them(
    trained: Path, monkeypatch: pytest.MonkeyPatch, stretch: int
):
    monkeypatch.setattr("glassgate.analysis.scoring.MAX_TOKENS", stretch)
    loaded, text = load(trained / "letters"), "\n  the  boy\n\n\tfell ."
    one = [token.surprisal for token in tokens(loaded, text)]
    assert len(one) == len(text)
    parts = [("the", 2, 1, 0, 8), ("boy", 2, 2, 8, 14), ("fell", 4, 1, 14, 19), (".", 4, 2, 19, 20)]
    assert [(w[2], *w[:2]) for w in words(loaded, text)] == [part[:3] for part in parts]
    for word, (_, _, _, start, stop) in zip(words(loaded, text), parts, strict=True):
        assert word[3] == pytest.approx(sum(one[start:stop]), rel=1e-4)
        assert word[-1] == stop - start


# Tables ---------------------------------------------------------------------------------------


def read(table: str) -> list[dict[str, str]]:
    """Read as R and pandas do: what stands in quotation marks is no comment."""
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    for line in lines:
        assert '"' in line or "#" not in line
    return list(csv.DictReader(io.StringIO("\n".join(lines)), delimiter="\t"))


def test_the_table_and_its_summary(glassgate_: Run, trained: Path, tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text(f'{SENTENCE}\nthe "boy #1\n' * MAX_TOKENS)
    said = glassgate_("score", trained / "stream", text, "--output", "s.tsv")
    assert (said.code, said.out) == (0, "")
    table = (tmp_path / "s.tsv").read_text()
    rows = read(table)
    assert list(rows[0]) == [
        *("sentence", "position", "token", "surprisal", "unknown"),
        *("entropy", "entropy_reduction", "rank"),
    ]
    assert [row["token"] for row in rows[:13]] == [*SENTENCE.split(), "the", '"', "boy", "#", "1"]
    assert [rows[9][name] for name in ("sentence", "position", "unknown")] == ["2", "2", "1"]
    assert len(rows) == 13 * MAX_TOKENS
    summary = said.err.splitlines()[-1]  # on a busy machine lines of progress come first
    assert summary.startswith(f"{13 * MAX_TOKENS:,} tokens, ")
    assert summary.endswith(
        f"; {3 * MAX_TOKENS:,} (23.1%) unknown, read as <unk>; written to s.tsv"
    )
    assert glassgate_("score", trained / "stream", text).out == table


def test_the_words_of_a_table_have_the_bits_of_its_tokens(
    glassgate_: Run, trained: Path, tmp_path: Path
):
    (tmp_path / "text.txt").write_text('The boy "fell".\nNA null #1, 3\n')
    one = read(glassgate_("score", trained / "lines", "text.txt").out)
    said = glassgate_("score", trained / "lines", "text.txt", "--by-word")
    assert said.err.startswith("7 words and 2 ends of lines, ")
    rows = read(said.out)
    assert list(rows[0])[3:] == ["surprisal", "unknown", "length", "pieces", *BEHIND]
    assert [row["word"] for row in rows] == [
        *["The", "boy", '"fell".', "<eos>", "NA", "null", "#1,", "3", "<eos>"]
    ]
    assert [row["length"] for row in rows] == ["3", "3", "4", "0", "2", "4", "1", "1", "0"]
    assert [row["pieces"] for row in rows] == ["1", "1", "4", "1", "1", "1", "3", "1", "1"]
    assert [row["unknown"] for row in rows] == ["0", "0", "1", "0", "1", "1", "1", "1", "0"]
    bits = [float(row["surprisal"]) for row in one]
    assert float(rows[2]["surprisal"]) == pytest.approx(sum(bits[2:6]), abs=4e-6)
    assert sum(float(row["surprisal"]) for row in rows) == pytest.approx(sum(bits), abs=1e-4)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (
            "lines",
            [
                "text.txt, scored by lines, a gru of sentences of words trained on corpus.txt",
                "the tokens before it in its line); the first token of a line is scored given",
                "<eos>, the end",
            ],
        ),
        (
            "stream",
            [
                "a gru of a stream of words",
                "tokens before it in its text",
                "no token for the end of a",
            ],
        ),
        ("letters", ["a stream of characters", "in its text", "including the space after it"]),
    ],
)
def test_the_table_says_what_it_is_conditioned_on(
    glassgate_: Run, trained: Path, tmp_path: Path, model: str, wanted: list[str]
):
    (tmp_path / "text.txt").write_text("the boy\n")
    said = glassgate_("score", trained / model, "text.txt", "--by-word")
    comments = [line for line in said.out.splitlines() if line.startswith("# ")]
    assert comments == said.out.splitlines()[: len(comments)]
    assert comments[0].startswith("# glassgate score ")
    assert all(part in "\n".join(comments) for part in wanted)


@pytest.mark.parametrize("output", [(), ("-o", "s.tsv")])
def test_gates_may_be_held_while_it_scores(
    glassgate_: Run, trained: Path, tmp_path: Path, output: tuple[str, ...]
):
    (tmp_path / "text.txt").write_text(SENTENCE)
    holds = ("--clamp", "kept=0", "--clamp", "layer=0 reset=0")
    said = glassgate_("score", trained / "lines", "text.txt", *holds, *output)
    table = (tmp_path / "s.tsv").read_text() if output else said.out
    assert "\n# held: kept=0; layer=0 reset=0\nsentence\t" in table
    loaded = load(trained / "lines")
    with clamp(loaded.model, kept=0, reset=0):
        held = [token.surprisal for token in tokens(loaded, SENTENCE)]
    assert held != [token.surprisal for token in tokens(loaded, SENTENCE)]
    assert [float(row["surprisal"]) for row in read(table)] == pytest.approx(held, abs=1e-6)
    refused = glassgate_("score", trained / "lines", "text.txt", "--clamp", "kept=2")
    assert (refused.code, refused.out) == (2, "")
    assert "kept" in refused.err


def test_line_breaks_of_characters_are_visible(glassgate_: Run, trained: Path, tmp_path: Path):
    (tmp_path / "text.txt").write_text("a b\nc\n")
    said = glassgate_("score", trained / "letters", "text.txt")
    assert [row["token"] for row in read(said.out)] == ["a", " ", "b", "\\n", "c"]


def test_a_cell_is_quoted_where_a_reader_would_stumble():
    assert head(["one\n\ttwo"], ["a", "b"]) == "# one two\na\tb\n"
    assert row([1, 0.5, "don't", "#1", 'a "b"']) == '1\t0.500000\tdon\'t\t"#1"\t"a ""b"""\n'


def test_pandas_reads_what_was_written(glassgate_: Run, trained: Path, tmp_path: Path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    text = 'NA null "#1" nan\n# None don\'t\n'
    (tmp_path / "text.txt").write_text(text)
    glassgate_("score", trained / "lines", "text.txt", "--by-word", "-o", "s.tsv")
    found = pandas.read_csv("s.tsv", sep="\t", comment="#", keep_default_na=False)
    assert found["word"].tolist() == [
        *["NA", "null", '"#1"', "nan", "<eos>", "#", "None", "don't", "<eos>"]
    ]
    assert found["surprisal"].dtype == "float64"


def test_the_page_shows_tables_as_they_are_and_its_example_runs(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    page = (Path(__file__).parents[2] / "docs" / "scores.md").read_text()
    assert all("\t".join([*columns, *BEHIND]) + "\n" in page for columns in (TOKENS, WORDS))
    monkeypatch.chdir(tmp_path)
    Path("austen_model").symlink_to(trained / "lines")
    pair = {"sentence_good": "the boy fell", "sentence_bad": "the boy and"}
    Path("anaphor_gender_agreement.jsonl").write_text(json.dumps(pair))
    exec(page.split("```python\n")[1].split("```")[0], {})
    said = capsys.readouterr().out.splitlines()
    assert " ".join(line.split()[0] for line in said[:9]) == (
        "The boy fell down and hurt his knee. <eos>"
    )
    assert len(said) == 9 + 8


def test_a_network_without_memory_is_given_one_token(glassgate_: Run, tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus.txt")
    for by_sentence, name in ((["--sentences"], "lines"), ([], "stream")):
        train = ("train", "language", corpus, "--network", "feedforward", "--output", name)
        assert glassgate_(*train, *TINY, *by_sentence).code == 0
        (tmp_path / "text.txt").write_text("the boy fell\n")
        said = glassgate_("score", name, "text.txt").out
        assert "-log2 P(token | the token before it); the first token of a " in said
        assert "is scored given <bos>\n" in said
        assert "state" not in said
        (tmp_path / "pairs.tsv").write_text("the boy\tthe knee\n")
        assert "zero state" not in glassgate_("pairs", name, "pairs.tsv").out


def test_the_summary_counts_words_and_ends_of_lines_apart(
    glassgate_: Run, trained: Path, tmp_path: Path
):
    (tmp_path / "text.txt").write_text("the <eos> fell.\n\nthe boy\n")
    rows = read((said := glassgate_("score", trained / "lines", "text.txt", "--by-word")).out)
    bits = sum(float(row["surprisal"]) for row in rows) / 7
    assert len(rows) == 7
    assert said.err.startswith(f"5 words and 2 ends of lines, {bits:.2f} bits each; 1 (20.0%) un")
    said = glassgate_("score", trained / "lines", "text.txt")
    assert said.err.startswith("8 tokens and 2 ends of lines, ")
    said = glassgate_("score", trained / "stream", "text.txt", "--by-word")
    assert said.err.startswith("5 words, ")
