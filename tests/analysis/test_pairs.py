"""`glassgate pairs`: sums beside `score`, marks and shares by hand."""

import csv
import dataclasses
import io
import json
import math
from pathlib import Path

import pytest
from scipy.stats import binomtest

from glassgate import clamp
from glassgate.analysis.pairs import (
    Critical,
    Judged,
    Pair,
    Side,
    accuracies,
    counts,
    judge,
    read_pairs,
)
from glassgate.analysis.prediction import predict
from glassgate.analysis.scoring import score
from glassgate.errors import BadInput
from glassgate.train import Loaded, load
from tests.conftest import Run

GOOD, BAD = "the boy fell and hurt his knee .", "the boy fell and hurt her knee ."
BLIMP = Path(__file__).parents[3] / "shared" / "data" / "minimal_pairs"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def scored(loaded: Loaded, sentence: str) -> float:
    return sum(token.surprisal for tokens in score(loaded, sentence) for token in tokens)


def by_prediction(loaded: Loaded, context: str, word: str) -> float:
    return -math.log2(dict(predict(loaded, context).ranked)[word])


def one(loaded: Loaded, good: str, bad: str, **more: object) -> Judged:
    (judged,) = judge(loaded, [Pair(1, good, bad, **more)])
    return judged


def critical(judged: Judged) -> tuple[Critical, Critical]:
    assert judged.good.critical is not None
    assert judged.bad.critical is not None
    return judged.good.critical, judged.bad.critical


# Sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["lines", "stream", "deep", "letters", "srn"])
@pytest.mark.parametrize("rows", [1, 20, 1024])
def test_a_sentence_has_the_bits_that_score_gives_it(
    trained: Path, monkeypatch: pytest.MonkeyPatch, model: str, rows: int
):
    monkeypatch.setattr("glassgate.analysis.surprisal.MAX_TOKENS", rows)
    loaded = load(trained / model)
    texts = ["knee", GOOD, "the girl", "zyzzyx fell , .", "her knee and his knee", BAD]
    done: list[int] = []
    pairs = [Pair(1, good, bad) for good, bad in zip(texts, texts[::-1], strict=True)]
    for text, found in zip(texts, judge(loaded, pairs, done.append), strict=True):
        assert found.good.bits == pytest.approx(scored(loaded, text), rel=1e-5)
        assert found.bad.bits == pytest.approx(scored(loaded, found.pair.bad), rel=1e-5)
    assert done == (list(range(1, 13)) if rows == 1 else sorted(done))
    assert done[-1] == 2 * len(texts)
    assert (len(done) == 1) == (rows == 1024)


def test_the_less_surprising_sentence_is_preferred(trained: Path):
    loaded = load(trained / "lines")
    judged, turned = one(loaded, GOOD, BAD), one(loaded, BAD, GOOD)
    right = scored(loaded, GOOD) < scored(loaded, BAD)
    assert (judged.whole_sentence, turned.whole_sentence) == (float(right), float(not right))
    assert (judged.good.tokens, judged.good.unknown) == (8, 0)


# Critical words -------------------------------------------------------------------------------


def test_the_critical_word_is_given_what_both_sentences_share(trained: Path):
    loaded = load(trained / "stream")
    good, bad = critical(one(loaded, GOOD, BAD))
    assert (good.word, bad.word, good.before, bad.before) == ("his", "her", 5, 5)
    shared = "the boy fell and hurt"
    assert good.bits == pytest.approx(by_prediction(loaded, shared, "his"), rel=1e-5)
    assert bad.bits == pytest.approx(by_prediction(loaded, shared, "her"), rel=1e-5)
    assert good.known


def test_the_first_word_is_given_the_beginning_alone(trained: Path):
    loaded = load(trained / "lines")
    judged = one(loaded, "the boy", "his boy")
    good, bad = critical(judged)
    assert (good.before, good.bits) == (0, pytest.approx(by_prediction(loaded, "", "the")))
    assert judged.critical_word == float(good.bits < bad.bits)
    assert counts([judged]).no_prefix == 1


def test_a_sentence_that_ends_where_the_other_goes_on(trained: Path):
    loaded = load(trained / "lines")
    judged = one(loaded, "The boy fell", "the boy fell and")
    good, bad = critical(judged)
    assert (good.word, bad.word, good.before) == ("<eos>", "and", 3)
    wanted = by_prediction(loaded, "the boy fell", "<eos>")
    assert good.bits == pytest.approx(wanted, rel=1e-5)
    assert (judged.good.tokens, judged.bad.tokens) == (3, 4)
    judged = one(load(trained / "stream"), "the boy fell", "the boy fell and")
    assert judged.good.critical is judged.bad.critical is judged.critical_word is None
    assert (counts([judged]).no_critical, counts([judged]).unlike_length) == (1, 1)


def test_two_unknown_words_are_tied(trained: Path):
    judged = one(load(trained / "lines"), "The zyx saw her", "the zyz saw her")
    assert [word.word for word in critical(judged)] == ["zyx", "zyz"]
    assert not critical(judged)[0].known
    assert (judged.whole_sentence, judged.critical_word) == (0.5, 0.5)


def test_equal_sentences_are_tied_and_have_no_critical_word(trained: Path):
    judged = one(load(trained / "lines"), "Zyzzyx fell", "zyzzyx FELL")
    assert (judged.whole_sentence, judged.critical_word) == (0.5, None)


def test_of_characters_it_is_the_first_that_differs(trained: Path):
    loaded = load(trained / "letters")
    good, bad = critical(one(loaded, "the boy hurt his", "the boy hurt her"))
    assert (good.word, bad.word, good.before) == ("i", "e", 14)
    assert good.bits == pytest.approx(by_prediction(loaded, "the boy hurt h", "i"), rel=1e-5)


@pytest.mark.parametrize("model", ["lines", "stream", "letters"])
def test_the_file_may_name_the_same_word_after_two_prefixes(trained: Path, model: str):
    loaded = load(trained / model)
    named = (("the boy ", "fell and"), ("the girl", " fell and "))
    good, bad = critical(one(loaded, "the boy fell and", "the girl fell and", named=named))
    prefixes = ("the boy", "the girl")
    for found, prefix in zip((good, bad), prefixes, strict=True):
        assert found.word == "fell and"
        if model == "letters":
            rest = scored(loaded, f"{prefix} fell and") - scored(loaded, prefix)
            wanted = rest - by_prediction(loaded, prefix, " ")
            assert (found.before, found.bits) == (len(prefix) + 1, pytest.approx(wanted, rel=1e-4))
        else:
            fell = by_prediction(loaded, prefix, "fell")
            wanted = fell + by_prediction(loaded, f"{prefix} fell", "and")
            assert (found.before, found.bits) == (2, pytest.approx(wanted, rel=1e-5))


@pytest.mark.parametrize("named", [("the", "girl"), ("the boy", ""), ("boy", "fell")])
def test_a_named_word_that_does_not_stand_there_is_none(trained: Path, named: tuple[str, str]):
    judged = one(load(trained / "lines"), "the boy fell", "the girl fell", named=(named, named))
    assert judged.critical_word is None


@pytest.mark.skipif(not BLIMP.is_dir(), reason="the BLiMP paradigms are not on this machine")
@pytest.mark.parametrize("name", [path.name for path in sorted(BLIMP.glob("*.jsonl"))])
def test_blimp_names_the_words_at_which_its_sentences_first_differ(trained: Path, name: str):
    pairs = read_pairs(BLIMP / name)
    assert len(pairs) == 1000
    assert all(pair.named for pair in pairs)
    loaded = load(trained / "lines")
    named = [critical(one) for one in judge(loaded, pairs)]
    plain = [dataclasses.replace(pair, named=None) for pair in pairs]
    assert [critical(one) for one in judge(loaded, plain)] == named
    for (good, bad), pair in zip(named, pairs, strict=True):
        assert pair.named is not None
        assert (good.word, bad.word) == (pair.named[0][1], pair.named[1][1])


# Shares ---------------------------------------------------------------------------------------


def side(bits: float, word_bits: float | None = None, unknown: int = 0, known: bool = True) -> Side:
    before = unknown if known else 0  # an unknown word is the critical one or stands before it
    found = None if word_bits is None else Critical("word", 1, before, known, word_bits)
    return Side(bits, 4, unknown, found)


PAIR = Pair(1, "good", "bad")
JUDGED = [
    Judged(PAIR, side(10.0, 3.0), side(12.0, 2.0)),  # right, wrong
    Judged(PAIR, side(10.0, 3.0), side(12.0, 4.0)),  # right, right
    Judged(PAIR, side(9.0, 3.0), side(9.0 + 5e-5, 3.0 - 5e-5)),  # tied, tied
    Judged(PAIR, side(13.0, 3.0, 1), side(12.0, 4.0, 1)),  # wrong, right; an unknown word
    Judged(PAIR, side(9.0, 3.0, 1, False), side(12.0, 4.0)),  # right, right; unknown critical
    Judged(PAIR, side(9.0), side(12.0)),  # right, not judged
]


def test_marks_are_counted_on_each_set_of_pairs():
    found = {(a.method, a.pairs): (a.n, a.right, a.tied, a.share) for a in accuracies(JUDGED)}
    assert found == {
        ("whole sentence", "all"): (6, 4, 1, 4.5 / 6),
        ("whole sentence", "critical words known"): (4, 2, 1, 2.5 / 4),
        ("whole sentence", "known to critical"): (3, 2, 1, 2.5 / 3),
        ("whole sentence", "all words known"): (4, 3, 1, 3.5 / 4),
        ("critical word", "all"): (5, 3, 1, 3.5 / 5),
        ("critical word", "critical words known"): (4, 2, 1, 2.5 / 4),
        ("critical word", "known to critical"): (3, 1, 1, 1.5 / 3),
        ("critical word", "all words known"): (3, 1, 1, 1.5 / 3),
    }
    counted = counts(JUDGED)
    assert (counted.pairs, counted.unknown, counted.unknown_critical) == (6, 2, 1)
    assert (counted.unlike_length, counted.no_critical, counted.no_prefix) == (0, 1, 0)
    assert (counted.unknown_before, counted.same_tokens) == (1, 0)


def test_intervals_are_scipys_and_of_no_pair_there_is_none():
    judged = JUDGED[:2] * 30 + JUDGED[2:3] * 4 + JUDGED[3:4] * 13
    whole = accuracies(judged)[0]
    wanted = binomtest(62, 77).proportion_ci(0.95, method="wilson")
    assert whole.interval == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    none = accuracies([JUDGED[5]])[4]
    assert (none.n, none.share, none.interval) == (0, None, None)


# The command ----------------------------------------------------------------------------------


def test_the_table_the_rows_and_the_figures(glassgate_: Run, trained: Path, tmp_path: Path):
    text = f'{GOOD}\t{BAD}\nthe boy #1\tthe boy #2\n"zyx\t"zyx\nthe boy fell\tthe boy\n'
    written(tmp_path, "p.tsv", text)
    said = glassgate_("pairs", trained / "lines", "p.tsv", "-o", "o.tsv", "--json", "o.json")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("p.tsv, judged by lines, a gru of sentences of words: each sentence")
    assert lines[1] == (
        "4 pairs; 2 have unknown words; 1 have an unknown critical word; "
        "1 have an unknown word before it; "
        "2 are the same tokens to the model up to it, a tie by construction; "
        "1 have sentences of different length; 1 have no critical word"
    )
    figures = json.loads((tmp_path / "o.json").read_text())
    assert figures["counts"]["unknown_critical"] == 1
    assert figures["command"].startswith("glassgate pairs ")
    assert lines[-1].startswith('Cite the pairs "known to critical": ')
    for line, one in zip(lines[3:-1], figures["accuracies"], strict=True):
        assert line.startswith(f"{one['method']:14}  {one['pairs']} ")
        assert line.split()[-7:-4] == [str(one[name]) for name in ("n", "right", "tied")]
        assert line.split()[-4] == f"{one['accuracy']:.1%}"
        low, high = one["interval"]
        assert line.split()[-3:] == [f"{low:.1%}", "to", f"{high:.1%}"]
    table = (tmp_path / "o.tsv").read_text().splitlines()
    assert [line[:2] for line in table[:5]] == ["# "] * 5
    rows = list(csv.DictReader(io.StringIO("\n".join(table[5:])), delimiter="\t"))
    assert [row["line"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["critical_good"] for row in rows] == ["his", "1", "", "fell"]
    assert [row["critical_right"] for row in rows][1:3] == ["0.5", ""]
    assert [row["unknown_good"] for row in rows] == ["0", "2", "2", "0"]
    loaded = load(trained / "lines")
    assert float(rows[0]["surprisal_bad"]) == pytest.approx(scored(loaded, BAD), rel=1e-5)
    wanted = by_prediction(loaded, "the boy", "<eos>")
    assert (rows[3]["critical_bad"], float(rows[3]["critical_surprisal_bad"])) == (
        *["<eos>", pytest.approx(wanted, abs=1e-5)],
    )


def test_gates_may_be_held_while_it_judges(glassgate_: Run, trained: Path, tmp_path: Path):
    written(tmp_path, "p.tsv", f"{GOOD}\t{BAD}\n")
    hold = ("--clamp", "layer=0 kept=0", "--json", "o.json", "-o", "o.tsv")
    said = glassgate_("pairs", trained / "lines", "p.tsv", *hold)
    assert said.out.splitlines()[0].endswith("; held: layer=0 kept=0")
    assert json.loads((tmp_path / "o.json").read_text())["held"] == ["layer=0 kept=0"]
    heading, row = [line.split("\t") for line in (tmp_path / "o.tsv").read_text().splitlines()[5:]]
    loaded = load(trained / "lines")
    with clamp(loaded.model, kept=0):
        held = scored(loaded, BAD)
    found = dict(zip(heading, row, strict=True))
    assert float(found["surprisal_bad"]) == pytest.approx(held, rel=1e-5)
    assert held != pytest.approx(scored(loaded, BAD), rel=1e-3)
    refused = glassgate_("pairs", trained / "lines", "p.tsv", "--clamp", "layer=1 kept=0")
    assert (refused.code, refused.out) == (2, "")
    assert "layer" in refused.err


@pytest.mark.parametrize("option", ["--output", "--json"])
def test_a_file_that_exists_stays(glassgate_: Run, trained: Path, tmp_path: Path, option: str):
    written(tmp_path, "p.tsv", "a\tb\n")
    written(tmp_path, "mine", "mine")
    command = ["pairs", trained / "lines", "p.tsv", option, "mine"]
    said = glassgate_(*command)
    assert (said.code, said.out) == (2, "")
    assert "mine already exists" in said.err
    assert (tmp_path / "mine").read_text() == "mine"
    assert glassgate_(*command, "--overwrite").code == 0
    assert (tmp_path / "mine").read_text() != "mine"


def test_a_classifier_prefers_nothing(glassgate_: Run, trained: Path, tmp_path: Path):
    written(tmp_path, "p.tsv", "a\tb\n")
    said = glassgate_("pairs", trained / "sentiment", "p.tsv", "-o", "o.tsv")
    assert (said.code, said.out) == (2, "")
    assert "a classifier gives no surprisal" in said.err
    assert not (tmp_path / "o.tsv").exists()
    with pytest.raises(BadInput, match="needs a language model"):
        judge(load(trained / "sentiment"), [PAIR])
