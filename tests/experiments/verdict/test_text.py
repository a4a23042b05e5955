"""The texts of the verdict experiment."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate.errors import BadInput
from glassgate.experiments.verdict.reviews import (
    DOCUMENT,
    OPENING,
    PLACES,
    VERDICT_FRAMES,
    VERDICTS,
    all_sentences,
    document_reviews,
    split_sentences,
    write_reviews,
)
from tests.experiments.verdict.verdict_cases import EVERY, TRAIN


def test_there_are_thousands_of_sentences_and_no_two_are_alike():
    every = EVERY
    verdicts = [words for kind in every.verdicts.values() for words in kind]
    assert len(set(verdicts)) == len(verdicts) == 9216
    assert len(set(every.plot)) == len(every.plot) == 2880
    assert not set(verdicts) & set(every.plot)
    assert {len(kind) for kind in every.verdicts.values()} == {2304}


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_train_and_test_share_no_sentence_but_all_words(seed: int):
    train, test = split_sentences(EVERY, seed)
    for kind, every in EVERY.verdicts.items():
        assert sorted(train.verdicts[kind] + test.verdicts[kind]) == sorted(every)
        assert len(test.verdicts[kind]) == round(0.25 * len(every))
    assert sorted(train.plot + test.plot) == sorted(EVERY.plot)
    assert len(test.plot) == round(0.25 * len(EVERY.plot))
    known, tested = (
        {w for pool in (part.plot, *part.verdicts.values()) for s in pool for w in s}
        for part in (train, test)
    )
    assert known >= tested


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_what_the_document_says_is_never_learned_from(seed: int):
    parts = split_sentences(EVERY, seed)
    assert DOCUMENT in parts.test.verdicts["negative", True]
    assert OPENING in parts.test.plot
    late, early = document_reviews(parts.test, 4, (seed, 4))
    said = "i didn't quite enjoy the book because i think it captures too many details"
    assert " ".join(late.words).startswith("this is a fantasy book which illustrates ")
    assert " ".join(late.words).endswith(f" . {said} .")
    assert " ".join(early.words).startswith(f"{said} . this is a fantasy book which illustrates ")
    for review in (late, early):
        assert review.words[review.begin : review.end] == DOCUMENT
        plot = review.words[: review.begin] + review.words[review.end :]
        assert plot.count(".") == 4
        assert review.verdict == "negative"
    assert (late.distance, early.begin) == (0, 0)


@given(st.integers(0, 2**32), st.integers(2, 9))
@settings(max_examples=10, deadline=None)
def test_reviews_are_balanced_and_their_spans_hold_the_verdict(seed: int, sentences: int):
    pool = split_sentences(EVERY, seed).train
    reviews = write_reviews(pool, 36, sentences, (seed, 1))
    kinds = Counter((r.place, r.verdict, r.negated) for r in reviews)
    assert kinds == {
        (place, verdict, negated): 2 if negated else 4
        for place, verdict, negated in product(PLACES, VERDICTS, (False, True))
    }
    for review in reviews:
        assert (
            review.words[review.begin : review.end] in pool.verdicts[review.verdict, review.negated]
        )
        rest = review.words[: review.begin] + review.words[review.end :]
        assert rest.count(".") == sentences
        assert (review.begin == 0) == (review.place == "start")
        assert (review.distance == 0) == (review.place == "end")
    assert reviews == write_reviews(pool, 36, sentences, (seed, 1))
    assert reviews != write_reviews(pool, 36, sentences, (seed, 2))


def test_no_word_of_a_verdict_belongs_to_one_class():
    said = all_sentences().verdicts
    words = [
        {w for negated in (False, True) for s in said[verdict, negated] for w in s}
        for verdict in VERDICTS
    ]
    assert words[0] == words[1]


def test_negation_turns_the_class_round():
    said = all_sentences().verdicts
    like = "i {} {} the book because of the way it ends ."
    for how, what, verdict, negated in (
        ("really", "like", "positive", False),
        ("didn't quite", "like", "negative", True),
        ("really", "resent", "negative", False),
        ("didn't quite", "resent", "positive", True),
    ):
        assert tuple(like.format(how, what).split()) in said[verdict, negated]
    for _, (plain, negated_, praise, blame) in VERDICT_FRAMES:
        assert len(plain) == len(negated_)
        assert len(praise) == len(blame)


@pytest.mark.parametrize("sentences", [1, 10_000])
def test_a_number_of_sentences_that_cannot_be_written_is_refused(sentences: int):
    with pytest.raises(BadInput, match="sentences must be from 2 to"):
        write_reviews(TRAIN, 6, sentences, (0, 1))
