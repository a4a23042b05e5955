from pathlib import Path

import pytest

from glassgate.errors import BadInput
from glassgate.train.reviews import encode_reviews, read_reviews


def written(folder: Path, text: str) -> Path:
    path = folder / "reviews.csv"
    path.write_bytes(text.encode())
    return path


def test_named_columns_are_read_wherever_they_stand(tmp_path: Path):
    path = written(tmp_path, 'id,label,text\n1, good ,"a, ""b""\nc"\n\n2,bad,d\n')
    reviews = read_reviews(path, "text", "label")
    assert reviews.texts == ['a, "b"\nc', "d"]
    assert reviews.labels == ["good", "bad"]
    assert (reviews.classes, reviews.empty) == (("bad", "good"), 0)


def test_empty_texts_are_counted_and_skipped(tmp_path: Path):
    path = written(tmp_path, "text,label\na,x\n,x\n  ,y\nb,y\n")
    reviews = read_reviews(path, "text", "label")
    assert (reviews.texts, reviews.labels, reviews.empty) == (["a", "b"], ["x", "y"], 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("review,label\na,x\n", "no column 'text', only review, label"),
        ("text,rating\na,x\n", "no column 'label', only text, rating"),
        ("text,label\na,x\nb,x\n", "only one class in column 'label', 'x'"),
        ("text,label\n,x\n", "no text in column 'text'"),
        ("text,label\n", "no text in column 'text'"),
        ("text,label\na,x\nb\n", "line 3, has 1 fields, expected 2"),
        ("text,label\na,x\nb,y,z\n", "line 3, has 3 fields, expected 2"),
        ("text,label\na,x\nb, \n", "line 3, has no 'label'"),
        ('text,label\na,x\n"b,y\n', "line 3, is not CSV: "),
        ("", "is empty"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(BadInput, match=message):
        read_reviews(written(tmp_path, text), "text", "label")


def test_not_utf8_is_refused(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(b"text,label\n\xff,x\n")
    with pytest.raises(BadInput, match="0xff at offset 11"):
        read_reviews(path, "text", "label")


@pytest.mark.parametrize(
    ("labels", "alone"),
    [
        (["a", "b"], 2),  # a class for each text
        ([f"id{i}" for i in range(9)] + ["a", "a"], 9),
        (["a", "a", "b"], None),
        (["a", "a", "b", "c"], None),  # a half is not yet more than a half
        (["a", "b"] * 20, None),
        ([f"topic{i // 2}" for i in range(40)], None),  # many classes, but none of one text
    ],
)
def test_a_label_that_looks_like_no_class_is_noted(
    tmp_path: Path, labels: list[str], alone: int | None
):
    path = written(tmp_path, "text,name\n" + "".join(f"w,{label}\n" for label in labels))
    notes = read_reviews(path, "text", "name").notes(path, "name")
    wanted = (
        f"{alone} of the {len(labels)} texts in {path} have a class of their own, so "
        "held-out texts cannot test what is learned: is 'name' the right column?"
    )
    assert notes == ([] if alone is None else [wanted])


def test_a_random_tenth_is_held_out_by_seed(tmp_path: Path):
    rows = "".join(f"w{i} common,{'odd' if i % 2 else 'even'}\n" for i in range(40))
    reviews = read_reviews(written(tmp_path, "text,label\n" + rows), "text", "label")
    first, again, other = (encode_reviews(reviews, seed) for seed in (0, 0, 1))
    assert first.train == again.train
    assert first.held_out == again.held_out
    assert (len(first.train[0]), len(first.held_out[0])) == (36, 4)
    known = {first.vocabulary.tokens(ids)[0] for ids in first.train[0]}
    known_other = {other.vocabulary.tokens(ids)[0] for ids in other.train[0]}
    assert len(known) == 36
    assert known != known_other
    unk = first.vocabulary.unk
    assert all(ids[0] == unk and ids[1] != unk for ids in first.held_out[0])
    for ids, label in zip(*first.train, strict=True):
        number = int(first.vocabulary.tokens(ids)[0][1:])
        assert first.classes[label] == ("odd" if number % 2 else "even")
