"""Files to score: plain texts, sentences with columns, and regions of sentences."""

import json
from pathlib import Path

import pytest

from glassgate.analysis.items import read_items
from glassgate.errors import BadInput


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_plain_text_has_no_columns(tmp_path: Path):
    found = read_items(written(tmp_path, "t.txt", "the boy\n\nfell\n"))
    assert (found.text, found.columns, found.fields_of(3, 1)) == ("the boy\n\nfell\n", [], {})


def test_each_row_is_a_sentence(tmp_path: Path):
    text = 'Item\tText\tn\n1\tthe  boy fell\t3\n\n2\t"the ""girl"""\t\n'
    found = read_items(written(tmp_path, "t.tsv", text))
    assert found.text == 'the boy fell\nthe "girl"\n'
    assert found.columns == ["Item", "n"]
    assert found.named("item") == "Item"
    assert found.fields_of(1, 3) == found.fields_of(1, None) == {"Item": "1", "n": "3"}
    assert found.fields_of(2, 1) == {"Item": "2", "n": ""}


def test_json_fields_pass_as_json_writes_them(tmp_path: Path):
    rows = [
        {"text": "the boy\nfell", "rt": 312.5, "list": ["a", 1], "none": None, "yes": True},
        {"text": "é", "new": 'ü\t"#'},
    ]
    found = read_items(written(tmp_path, "t.jsonl", "\n".join(map(json.dumps, rows))))
    assert found.text == "the boy fell\né\n"
    assert found.columns == ["rt", "list", "none", "yes", "new"]
    assert found.fields_of(1, 1) == {"rt": "312.5", "list": '["a", 1]', "none": "", "yes": "true"}
    assert found.fields_of(2, 1) == {"new": 'ü\t"#'}


REGIONS = """item\tcondition\tregion\ttext\ttime
1\ta\tsubject\tthe boy\t10
1\ta\tverb\tfell\t20
1\tb\tsubject\tthe girl\t30
1\tb\t\tand\t40
1\tb\t\tfell\t50
1\tb\tverb\tdown\t60
1\tb\tsubject\tshe\t70
2\tb\tsubject\tshe\t80
"""


def test_regions_make_sentences(tmp_path: Path):
    """A new one begins with another item or condition, and where a region comes again."""
    found = read_items(written(tmp_path, "t.tsv", REGIONS))
    assert found.text.splitlines() == ["the boy fell", "the girl and fell down", "she", "she"]
    assert [found.fields_of(1, word)["time"] for word in (1, 2, 3)] == ["10", "10", "20"]
    assert [found.fields_of(2, word)["region"] for word in range(1, 6)] == [
        *["subject", "subject", "", "", "verb"]
    ]
    assert found.fields_of(2, None) == {"item": "1", "condition": "b", "region": "", "time": "60"}
    assert found.fields_of(3, None)["region"] == "subject"  # one row is the whole sentence


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("t.tsv", "item\tsentence\n1\ta\n", "t.tsv, line 1: expected a column text, got item, s"),
        ("t.tsv", "item\ttext\n1\n", "t.tsv, line 2: expected the 2 columns of line 1, got 1"),
        ("t.tsv", "item\ttext\n1\t \n", "t.tsv, line 2: text must be text, got ' '"),
        ("t.tsv", "item\ttext\n", "t.tsv holds no sentence, expected one or more"),
        ("t.tsv", "region\ttext\n1\ta\n", "t.tsv, line 1: a column region needs a column item"),
        ("t.tsv", "text\titem\titem\na\t1\t2\n", "t.tsv, line 1: two columns are called 'item'"),
        ("t.jsonl", '{"text": 3}\n', "t.jsonl, line 1: text must be text, got 3"),
        ("t.jsonl", '{"text": "\\ud800"}\n', "t.jsonl, line 1: 'text' must be text, got '\\ud800'"),
        ("t.jsonl", '{"text": "a", "\\ud800": 1}\n', "t.jsonl, line 1: '\\ud800' must be text"),
        ("t.csv", "text\na\n", "t.csv holds comma-separated values: write the table as .tsv"),
    ],
)
def test_what_is_no_item_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, wanted: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as refused:
        read_items(written(Path(), name, text))
    assert str(refused.value).startswith(wanted)
