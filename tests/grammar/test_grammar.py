"""The embedded grammar, and what any grammar promises."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from glassgate.errors import BadInput
from glassgate.grammar.grammar import END, Grammar
from glassgate.train.tokens import Vocabulary

SAMPLE = 200_000
AMBIGUOUS = """
Sentence
    2 a A b
    1 a B
A
    a | (nothing)
B
    b | a b
"""


@pytest.fixture(scope="module")
def english() -> Grammar:
    return Grammar.load()


@pytest.fixture(scope="module")
def sentences(english: Grammar) -> list[tuple[str, ...]]:
    return [tuple(words) for words in english.sample(SAMPLE, seed=11)]


def test_next_words_are_distributed_as_the_grammar_says(english, sentences):
    """Chi-square over every prefix met often enough, and over all of them together."""
    counts: dict[object, Counter[str]] = defaultdict(Counter)
    for words in sentences:
        prefix = english.begin()
        for word in (*words, END):
            counts[prefix][word] += 1
            prefix = prefix.read(word)
    p_values = []
    for prefix, found in counts.items():
        total = sum(found.values())
        expected = {word: total * p for word, p in prefix.next_words.items()}
        assert set(found) <= set(expected)
        if len(expected) > 1 and min(expected.values()) >= 5:
            observed = [found[word] for word in expected]
            p_values.append(stats.chisquare(observed, list(expected.values())).pvalue)
    assert len(p_values) > 200
    assert min(p_values) > 1e-3 / len(p_values)  # Bonferroni
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_probabilities_sum_to_one_after_any_prefix(english, sentences):
    for words in sentences[:2000]:
        for prefix in english.prefixes(words):
            assert sum(prefix.next_words.values()) == pytest.approx(1, abs=1e-12)
            assert sum(prefix.stacks.values()) == pytest.approx(1, abs=1e-12)


def test_entropy_and_length_are_the_sampled_means(english, sentences):
    bits = np.array([english.surprisal(words) for words in sentences[:50_000]])
    error = bits.std() / math.sqrt(len(bits))
    assert english.entropy() == pytest.approx(bits.mean(), abs=4 * error)
    lengths = np.array([len(words) + 1 for words in sentences])
    error = lengths.std() / math.sqrt(len(lengths))
    assert english.mean_length == pytest.approx(lengths.mean(), abs=4 * error)


def test_the_embedded_grammar_is_unambiguous_and_of_the_promised_size(english):
    import random

    chance = random.Random(4)
    for _ in range(3000):
        derivation = english.derive(chance)
        assert english.surprisal(derivation.words) == pytest.approx(derivation.bits)
    assert 60 <= len(english.words) <= 150
    assert english.sample(3, seed=1) == english.sample(3, seed=1) != english.sample(3, seed=2)


@pytest.mark.parametrize(
    "sentence",
    [
        "the boy fell down and hurt his knee",
        "the boys who the dog chases run",
        "the boys who the dog that the cats see chases run",
        "the girls near the house forgot themselves",
    ],
)
def test_the_language_has_the_sentences_that_the_project_is_about(english, sentence):
    assert math.isfinite(english.surprisal(sentence.split()))


@pytest.mark.parametrize(
    "sentence",
    ["the boy hurt her knee", "the boys who the dog chases runs", "the boys who the dog chase run"],
)
def test_what_does_not_agree_is_impossible(english, sentence):
    with pytest.raises(BadInput, match=r"the grammar does not allow '.*' here, expected one of "):
        english.surprisal(sentence.split())


def test_an_ambiguous_grammar_sums_its_derivations():
    grammar = Grammar(AMBIGUOUS)
    # a b: 2/3 * 1/2 + 1/3 * 1/2; a a b: the same
    assert 2 ** -grammar.surprisal(["a", "b"]) == pytest.approx(1 / 2)
    assert 2 ** -grammar.surprisal(["a", "a", "b"]) == pytest.approx(1 / 2)
    assert grammar.prefixes(["a"])[-1].next_words == pytest.approx({"a": 1 / 2, "b": 1 / 2})
    assert grammar.entropy() == pytest.approx(1.0, abs=0.1)


def test_features_are_drawn_evenly_and_shared_within_a_rule():
    text = """
feature number = one two
Sentence
    A[number] A[number] B[number]
A[one]
    x
A[two]
    y
B[number]
    b
"""
    grammar = Grammar(text)
    assert grammar.begin().next_words == pytest.approx({"x": 0.5, "y": 0.5})
    assert grammar.prefixes(["x"])[-1].next_words == {"x": 1.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one category"),
        ("feature number = one\nS\n    a", "line 1: expected 'feature NAME = VALUE VALUE"),
        ("feature n = a b\nfeature m = b c\nS\n    x", "line 2: .*'b' is already declared"),
        ("    a b", "line 1: an indented alternative needs a category"),
        ("S\nT\n    a", "line 1: the category 'S' has no alternatives"),
        ("S\n    a\n    T", "line 3: no category 'T' is defined"),
        ("S\n    a | ", "line 2: an alternative is empty"),
        ("S\n    0 a", "line 2: the weight of '0 a' must be above 0"),
        ("S\n    a (nothing)", "line 2: .nothing. must stand alone"),
        ("S\n    a T[x]\nT\n    b", "line 2: 'x' in 'T\\[x\\]' is not a declared feature or value"),
        ("feature n = p q\nS\n    T[n]\nT\n    b", "line 3: no category 'T\\[p\\]' is defined"),
        ("feature n = p q\nS[n]\n    b", "line 2: the start category 'S\\[n\\]' takes no features"),
        ("S\n    a\nS\n    b", "line 3: 'S' is already defined on line 1"),
        ("S\n    T\nT\n    S x | y", "'S' can begin with itself|'T' can begin with itself"),
        ("S\n    N S | a\nN\n    (nothing) | b", "line 1: 'S' can begin with itself"),
        ("S\n    a S S | b", "line 1: 'S' produces itself at least once on average"),
        ("cue N\nS\n    a", "line 1: the cue 'N' cannot occur in any sentence"),
        ("construction x\nS\n    a", "line 1: expected 'construction NAME = CATEGORY"),
        ("construction x = N\nS\n    a", "line 1: the category 'N' cannot occur in any sentence"),
        ("class x\nS\n    a", "line 1: expected 'class NAME = CATEGORY"),
        ("s\n    a", "line 1: expected a category like Noun"),
        ("S\n    a\n    a | nan b", "line 3: a weight must be .* decimal like 3 or 0.5, got 'nan'"),
        ("S\n    1 a\nclass x = S Foo", "line 3: no category 'Foo' is defined"),
        ("S\n    a\ncue S\ncue Foo", "line 4: the cue 'Foo' cannot occur in any sentence"),
        ("S\n    a\n    A\nA\n    (nothing)", "line 3: the sentence 'S' can be empty here"),
        ("S\n    (nothing) | a", "line 2: the sentence 'S' can be empty here"),
        (f"S\n    1{'0' * 308} a\n    1{'0' * 308} b", "line 2: a weight of 'S' is too small"),
    ],
)
def test_a_malformed_grammar_is_refused_with_its_line(text: str, message: str):
    with pytest.raises(BadInput, match=message):
        Grammar(text, "my.grammar")


@pytest.mark.parametrize(
    "weight",
    [
        "-1",
        "+1",
        "nan",
        "-inf",
        "inf",
        "1e400",
        "1e2",
        "0.5.5",
        ".5",
        "5.",
        "1,5",
        "1/2",
        "9" * 400,
    ],
)
def test_a_number_that_is_no_plain_positive_decimal_is_refused_as_a_weight(weight: str):
    with pytest.raises(BadInput) as refused:
        Grammar(f"S\n    a\n    {weight} b", "my.grammar")
    assert str(refused.value) == (
        "my.grammar, line 3: a weight must be a plain positive decimal like 3 or 0.5, "
        f"got '{weight}'"
    )


@pytest.mark.parametrize(
    "word",
    ["<eos>", "<unk>", "iPhone", "well-known", "'tis", "dogs'", "a_b", "...", "1.5", "x[n]", "__"],
)
def test_what_is_no_single_lower_case_token_is_refused_as_a_word(word: str):
    with pytest.raises(BadInput, match=r"line 3: expected a word \(.*\), got ") as refused:
        Grammar(f"S\n    a\n    b {word}", "my.grammar")
    assert str(refused.value).endswith(f"got '{word}'")


def test_words_may_hold_apostrophes_and_digits_and_be_single_marks():
    words = ["don't", "don’t", "2nd", "3rd", "é", ",", "_", "-", "12"]
    grammar = Grammar("S\n    2nd | 2 " + " ".join(words))
    assert set(grammar.words) == set(words)
    assert grammar.begin().next_words == pytest.approx({"2nd": 1 / 3, "don't": 2 / 3})
    assert len(Vocabulary.of(grammar.words)) == 3 + len(words)  # each one token in training too


def test_a_grammar_file_that_is_not_utf8_is_refused_with_the_byte(tmp_path: Path):
    path = tmp_path / "latin.grammar"
    path.write_bytes("S\n    café".encode("latin-1"))
    with pytest.raises(BadInput, match=r"not UTF-8: the byte 0xe9 at offset 9 cannot"):
        Grammar.load(path)


def test_a_grammar_that_is_no_file_is_refused_by_name(tmp_path: Path):
    with pytest.raises(BadInput) as refused:
        Grammar.load(tmp_path)
    assert str(refused.value) == f"{tmp_path} is a folder, expected a file"
    with pytest.raises(BadInput) as refused:
        Grammar.load(tmp_path / "none")
    assert str(refused.value) == f"there is no file {tmp_path / 'none'}"


def test_a_copy_of_the_embedded_grammar_is_the_same_language(tmp_path: Path, english: Grammar):
    path = tmp_path / "copy.grammar"
    path.write_text(english.text)
    assert Grammar.load(path).sample(5, 3) == english.sample(5, 3)
