"""Files of minimal pairs, read to the letter; what is no pair is refused with its line."""

import json
from pathlib import Path

import pytest

from glassgate.analysis.pairs import Pair, read_pairs
from tests.analysis.test_pairs import written
from tests.conftest import Run


def test_blimps_fields_name_the_critical_words(tmp_path: Path):
    sentences = {"sentence_good": " a b c. ", "sentence_bad": "a d c.", "more": 3}
    one = {"one_prefix_prefix": "a", "one_prefix_word_good": "b", "one_prefix_word_bad": "d"}
    two = {"two_prefix_prefix_good": "a b", "two_prefix_prefix_bad": "a d"}
    rows = [sentences, sentences | one, sentences | two, sentences | two | {"two_prefix_word": "c"}]
    text = "\n\n".join(map(json.dumps, rows)) + "\n"
    found = read_pairs(written(tmp_path, "p.jsonl", text))
    assert [pair.line for pair in found] == [1, 3, 5, 7]
    assert {(pair.good, pair.bad) for pair in found} == {("a b c.", "a d c.")}
    named = [None, (("a", "b"), ("a", "d")), None, (("a b", "c"), ("a d", "c"))]
    assert [pair.named for pair in found] == named


@pytest.mark.parametrize("first", ["", "sentence_good\tsentence_bad\n"])
def test_two_columns(tmp_path: Path, first: str):
    text = first + 'a "b\ta c\n\nsentence_good\tsentence_bad'
    found = read_pairs(written(tmp_path, "p.TSV", text))
    start = 1 + bool(first)
    assert found == [
        *[Pair(start, 'a "b', "a c"), Pair(start + 2, "sentence_good", "sentence_bad")]
    ]


@pytest.mark.parametrize("first", ["", "Good\tBad\n", '"sentence_good"\t"sentence_bad"\n'])
def test_columns_as_r_and_pandas_write_them(tmp_path: Path, first: str):
    text = first + '"a b."\t"a ""c"" ."\n"No," he said.\t"a" "b"\n'
    found = read_pairs(written(tmp_path, "p.tsv", text))
    start = 1 + bool(first)
    assert found == [
        *[Pair(start, "a b.", 'a "c" .'), Pair(start + 1, '"No," he said.', '"a" "b"')]
    ]


FINE = '{"sentence_good": "a b", "sentence_bad": "a c"}\n'


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("p.jsonl", FINE + '{"sentence_good": "a"}\n', "p.jsonl, line 2: sentence_bad is missing"),
        (
            "p.jsonl",
            FINE + '\n{"sentence_good": 3, "sentence_bad": "a"}',
            "p.jsonl, line 3: sentence_good must be a sentence, got 3",
        ),
        (
            "p.jsonl",
            FINE.replace("a c", " "),
            "p.jsonl, line 1: sentence_bad must be a sentence, got ' '",
        ),
        ("p.jsonl", FINE + "[]", "p.jsonl, line 2: must be a JSON object, got list"),
        ("p.jsonl", FINE + "the boy\tthe by\n", "p.jsonl, line 2: is not JSON: Expecting value"),
        ("p.jsonl", "[" * 100_000, "p.jsonl, line 1: is not JSON: "),
        (
            "p.tsv",
            "a\tb\nc\n",
            "p.tsv, line 2: expected two columns with a tab between them, got 1",
        ),
        ("p.tsv", "a\tb\nc\t \n", "p.tsv, line 2: sentence_bad must be a sentence, got ' '"),
        ("p.tsv", "sentence_good\tsentence_bad\n", "p.tsv holds no pair, expected one or more"),
        (
            "p.tsv",
            "a\tb\tc\n",
            "p.tsv, line 1: expected two columns with a tab between them, got 3; name them in the "
            "first line: sentence_good, sentence_bad, ...",
        ),
        (
            "p.tsv",
            "good\tbad\titem\na\tb\n",
            "p.tsv, line 2: expected the 3 columns of line 1, got 2",
        ),
        ("p.tsv", "good\tbad\t \na\tb\t1\n", "p.tsv, line 1: column 3 has no name"),
        ("p.tsv", "good\tbad\tx\tx\n", "p.tsv, line 1: two columns are called 'x'"),
        (
            "p.jsonl",
            FINE.replace("}", ', "item": "\\ud800"}'),
            "p.jsonl, line 1: 'item' must be text, got '\\ud800'",
        ),
        ("p.tsv", 'a\tb\n""\tb\n', "p.tsv, line 2: sentence_good must be a sentence, got ''"),
        (
            "p.jsonl",
            FINE + FINE.replace("a c", "a \\ud800"),
            "p.jsonl, line 2: sentence_bad must be a sentence, got 'a \\ud800'",
        ),
        ("p.csv", "a,b\n", "p.csv must end in .jsonl or .tsv, to say which form its pairs have"),
        ("p.jsonl", "", "p.jsonl is empty or blank (0 bytes), expected text"),
    ],
)
def test_what_is_no_pair_is_refused_with_its_line_and_nothing_is_written(
    glassgate_: Run, trained: Path, tmp_path: Path, name: str, text: str, wanted: str
):
    written(tmp_path, name, text)
    said = glassgate_("pairs", trained / "lines", name, "-o", "o.tsv", "--json", "o.json")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"glassgate: {wanted}")
    assert said.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
