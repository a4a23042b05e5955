from pathlib import Path

import pytest

from glassgate.errors import BadInput
from glassgate.train.corpus import (
    fingerprint,
    name_of,
    read_sentences,
    read_stream,
    read_text,
)
from glassgate.train.tokens import Level, Vocabulary


def written(folder: Path, data: bytes) -> Path:
    path = folder / "corpus.txt"
    path.write_bytes(data)
    return path


def test_the_last_tenth_is_held_out_between_words(tmp_path: Path):
    words = [f"w{i % 7}" for i in range(200)]
    corpus = read_stream(written(tmp_path, " ".join(words).encode()))
    heard = corpus.vocabulary.tokens([*corpus.train, *corpus.held_out])
    assert heard == words
    assert len(corpus.held_out) in (19, 20, 21)


def test_the_vocabulary_knows_only_what_is_trained_on(tmp_path: Path):
    corpus = read_stream(written(tmp_path, b"a b " * 50 + b"zebra"))
    assert corpus.held_out[-1] == corpus.vocabulary.unk


def test_newlines_are_space_among_words_and_tokens_among_characters(tmp_path: Path):
    path = written(tmp_path, b"\xef\xbb\xbfone two\r\nthree\rfour " * 1 + b"one two\n" * 20)
    words = read_stream(path)
    assert words.vocabulary.tokens(words.train[:5]) == ["one", "two", "three", "four", "one"]
    characters = read_stream(path, "characters")
    assert "".join(characters.vocabulary.tokens(characters.train))[:18] == "one two\nthree\nfour"


def test_two_words_suffice_one_is_held_out(tmp_path: Path):
    corpus = read_stream(written(tmp_path, b"hello there\n"))
    assert corpus.vocabulary.tokens(corpus.train) == ["hello"]
    assert corpus.held_out.tolist() == [corpus.vocabulary.unk]


def test_sentences_stand_one_a_line_between_their_marks(tmp_path: Path):
    corpus = read_sentences(written(tmp_path, b"a b\n\n  c\n" * 10 + b"d\n"))
    bos, eos = corpus.vocabulary.bos, corpus.vocabulary.eos
    assert (len(corpus.train), len(corpus.held_out)) == (19, 2)
    assert all(s[0] == bos and s[-1] == eos for s in [*corpus.train, *corpus.held_out])
    assert corpus.vocabulary.tokens(corpus.train[0]) == ["<bos>", "a", "b", "<eos>"]
    assert corpus.held_out[-1].tolist() == [bos, corpus.vocabulary.unk, eos]


@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n"])
def test_several_files_follow_one_another(tmp_path: Path, last: bytes):
    files = [tmp_path / "1.txt", tmp_path / "2.txt"]
    files[0].write_bytes(b"one two" + last)
    files[1].write_bytes(b"\xef\xbb\xbfthree\n" + b"one two three\n" * 20)
    stream = read_stream(files)
    assert stream.vocabulary.tokens(stream.train[:4]) == ["one", "two", "three", "one"]
    characters = read_stream(files, "characters")
    assert "".join(characters.vocabulary.tokens(characters.train))[:14] == "one two\nthree\n"
    sentences = read_sentences(files)
    heard = [sentences.vocabulary.tokens(ids)[1:-1] for ids in sentences.train[:2]]
    assert heard == [["one", "two"], ["three"]]
    assert len(sentences.train) + len(sentences.held_out) == 22
    assert name_of(files) == "1.txt, 2.txt"
    (tmp_path / "2.txt").write_bytes(b"")
    with pytest.raises(BadInput, match=r"2\.txt is empty"):
        read_stream(files)


LINES = [f"The boy's w{i % 37}, \u201cknee\u201d w{i % 11} x{i}." for i in range(120)]
TEXTS = {
    "plain": ["\n".join(LINES) + "\n"],
    "no final newline": [" \t\n" + "\n\n".join(LINES)],
    "carriage returns": ["\r\n".join(LINES) + "\r\n", "\r".join(LINES)],
    "byte order marks": ["\ufeff" + "\n".join(LINES), "\ufeff\ufeffa b\ufeff\n\n"],
    "other white space": ["\x0b\x85 \u2028".join(LINES) + "\x1c", "\u3000 \x0c c "],
    "one line": [" ".join(LINES)],
    "a long word at the end": [" ".join(LINES[:9]) + " " + "ab" * 900],
    "a long word in between": ["c c " + "ab" * 900 + " d"],
    "wide characters": ["\u0130 \U0001f600 \u03a3\u03a3 \n" * 30],
}


def read_plainly(files: list[Path], level: Level, *, by_sentence: bool) -> list[list[str]]:
    """Return the train and held-out parts of a text that is read whole."""
    texts = [path.read_bytes().decode().removeprefix("\ufeff") for path in files]
    texts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    text = "".join(text if text.endswith("\n") else text + "\n" for text in texts)
    if by_sentence:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        cut = len(lines) - max(1, round(len(lines) / 10))
        return [lines[:cut], lines[cut:]]
    text = text.strip()
    cut = max(1, int(len(text) * 0.9))
    if level == "words":
        while cut < len(text) and not text[cut].isspace():
            cut += 1
        cut = cut if text[cut:].strip() else len(text) - len(text.split()[-1])
    return [[text[:cut]], [text[cut:]]]


@pytest.mark.parametrize("chunk", [1, 7, 2**14])
@pytest.mark.parametrize("level", ["words", "characters"])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_pieces_have_the_tokens_of_a_text_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, level: Level, chunk: int
):
    monkeypatch.setattr("glassgate.train.corpus.CHUNK", chunk)
    monkeypatch.setattr("glassgate.train.tokens.ENCODED_AT_ONCE", chunk)
    files = [tmp_path / f"{number}.txt" for number in range(len(TEXTS[name]))]
    for path, text in zip(files, TEXTS[name], strict=True):
        path.write_bytes(text.encode())
    parts = read_plainly(files, level, by_sentence=False)
    wanted = Vocabulary.learn(parts[0], level, 2)
    corpus = read_stream(files, level, 2)
    assert corpus.vocabulary.to_json() == wanted.to_json()
    assert [corpus.train.tolist(), corpus.held_out.tolist()] == [
        wanted.encode(part[0]) for part in parts
    ]
    parts = read_plainly(files, level, by_sentence=True)
    if sum(map(len, parts)) > 1:
        wanted = Vocabulary.learn(parts[0], level, 2)
        sentences = read_sentences(files, level, 2)
        assert sentences.vocabulary.to_json() == wanted.to_json()
        for found, part in zip((sentences.train, sentences.held_out), parts, strict=True):
            assert [ids.tolist() for ids in found] == [wanted.sentence(line) for line in part]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"word\n", "holds a single word"),
        (b"word WORD word", "holds a single word"),
        (b"good text \xe9t\xe9", "0xe9 at offset 10"),
    ],
)
@pytest.mark.parametrize("read", [read_stream, read_sentences])
def test_bad_texts_are_refused(tmp_path: Path, data: bytes, message: str, read: object):
    with pytest.raises(BadInput, match=message):
        read(written(tmp_path, data))  # type: ignore[operator]


def test_one_line_is_no_set_of_sentences(tmp_path: Path):
    with pytest.raises(BadInput, match="holds one line"):
        read_sentences(written(tmp_path, b"the boy saw the dog"))


def test_one_character_repeated_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="single character"):
        read_stream(written(tmp_path, b"aaaa"), "characters")


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match=r"there is no file .*nothing\.txt"):
        read_text(tmp_path / "nothing.txt")
    with pytest.raises(BadInput, match="is a folder"):
        read_text(tmp_path)


def test_a_fingerprint_tells_files_apart(tmp_path: Path):
    first = fingerprint(written(tmp_path, b"a b"))
    assert fingerprint(written(tmp_path, b"a b")) == first
    assert fingerprint(written(tmp_path, b"a c")) != first


def test_files_are_told_apart_by_content_and_order(tmp_path: Path):
    one, two = tmp_path / "1.txt", tmp_path / "2.txt"
    one.write_bytes(b"a b")
    two.write_bytes(b"c")
    found = {fingerprint(files) for files in (one, [one, two], [two, one], [one, one])}
    assert len(found) == 4
    assert fingerprint([one]) == fingerprint(one)
