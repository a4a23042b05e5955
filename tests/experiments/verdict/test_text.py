"""The texts of the verdict experiment."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate.errors import BadInput
from glassgate.experiments.verdict.reviews import (
    DISTRACTORS,
    PLACES,
    Design,
    document_review,
    split_sentences,
    write_reviews,
)
from glassgate.experiments.verdict.sentences import (
    DOCUMENT,
    KINDS,
    OPENING,
    VERDICT_FRAMES,
    VERDICTS,
    WORDS,
)
from tests.experiments.verdict.verdict_cases import DESIGNS, EVERY, MIXED, TRAIN

each_design = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: "-".join(design[:2]))


def test_there_are_thousands_of_sentences_and_no_two_are_alike():
    verdicts = [words for pool in EVERY.verdicts.values() for words in pool]
    assert len(set(verdicts)) == len(verdicts) == 9216 + 16
    assert len(set(EVERY.plot)) == len(EVERY.plot) == 2880
    assert not set(verdicts) & set(EVERY.plot)
    assert {key: len(pool) for key, pool in EVERY.verdicts.items()} == {
        (kind, verdict): 8 if kind == "word" else 2304 for kind, verdict in product(KINDS, VERDICTS)
    }


def test_a_word_of_praise_or_blame_stands_nowhere_else():
    single = {word for words in WORDS.values() for word in words}
    assert len(single) == 16
    phrases = [s for (kind, _), pool in EVERY.verdicts.items() if kind != "word" for s in pool]
    assert not single & {word for sentence in [*EVERY.plot, *phrases] for word in sentence}


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_train_and_test_share_no_sentence_but_all_words(seed: int):
    train, test = split_sentences(EVERY, seed)
    for (kind, verdict), pool in EVERY.verdicts.items():
        parts = train.verdicts[kind, verdict], test.verdicts[kind, verdict]
        if kind == "word":
            assert parts == (pool, pool)
            continue
        assert sorted(parts[0] + parts[1]) == sorted(pool)
        assert len(parts[1]) == round(0.25 * len(pool))
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
    assert DOCUMENT in parts.test.verdicts["negated", "negative"]
    assert OPENING in parts.test.plot
    late, early = (document_review(parts.test, 4, place, (seed, 4)) for place in ("last", "first"))
    verdict = "i didn't quite enjoy the book because i think it captures too many details ."
    assert " ".join(late.words).startswith("this is a fantasy book which illustrates ")
    assert " ".join(late.words).endswith(f" . {verdict}")
    assert " ".join(early.words).startswith(f"{verdict} this is a fantasy book which illustrates ")
    for review in (late, early):
        assert review.words[review.begin : review.end] == DOCUMENT
        plot = review.words[: review.begin] + review.words[review.end :]
        assert plot.count(".") == 4
        assert review.verdict == "negative"
    assert (late.end, early.begin) == (len(late.words), 0)


@each_design
@given(st.integers(0, 2**32), st.integers(2, 9))
@settings(max_examples=5, deadline=None)
def test_reviews_are_balanced_and_their_verdicts_stand_where_they_say(
    design: Design, seed: int, sentences: int
):
    pool = split_sentences(EVERY, seed).train
    reviews = write_reviews(pool, 36, sentences, design, (seed, 1))
    places = PLACES if design.layout == "mixed" else [design.layout]
    negations = (False, True) if design.kind == "negated" else (False,)
    expected = list(product(places, VERDICTS, negations))
    assert Counter((r.place, r.verdict, r.negated) for r in reviews) == {
        which: 36 // len(expected) for which in expected
    }
    for review in reviews:
        kind = "negated" if review.negated else design.kind.replace("negated", "phrase")
        assert review.words[review.begin : review.end] in pool.verdicts[kind, review.verdict]
        assert (review.begin == 0) == (review.place == "first")
        assert (review.end == len(review.words)) == (review.place == "last")
        verdict = range(review.begin, review.end)
        assert not set(verdict) & set(review.distracting)
        plot = set(range(len(review.words))) - set(verdict) - set(review.distracting)
        assert sum(review.words[t] == "." for t in plot) == sentences
        assert bool(review.distracting) == design.distractors
    assert reviews == write_reviews(pool, 36, sentences, design, (seed, 1))
    assert reviews != write_reviews(pool, 36, sentences, design, (seed, 2))


def test_other_verdicts_stand_within_the_plot_and_say_nothing_of_the_class():
    pool = TRAIN.verdicts
    for layout in ("first", "last"):
        reviews = write_reviews(TRAIN, 400, 4, Design(layout, "word", True), (0, 1))
        agree = []
        for review in reviews:
            assert len(review.distracting) == DISTRACTORS
            for t in review.distracting:
                assert 0 < t < len(review.words) - 1
                agree.append((review.words[t],) in pool["word", review.verdict])
        assert 0.44 < sum(agree) / len(agree) < 0.56  # of 800


def test_no_word_of_a_phrase_that_may_be_negated_belongs_to_one_class():
    words = [
        {w for kind in ("phrase", "negated") for s in EVERY.verdicts[kind, verdict] for w in s}
        for verdict in VERDICTS
    ]
    assert words[0] == words[1]


def test_negation_turns_the_class_round():
    like = "i {} {} the book because of the way it ends ."
    for how, what, verdict, kind in (
        ("really", "like", "positive", "phrase"),
        ("didn't quite", "like", "negative", "negated"),
        ("really", "resent", "negative", "phrase"),
        ("didn't quite", "resent", "positive", "negated"),
    ):
        assert tuple(like.format(how, what).split()) in EVERY.verdicts[kind, verdict]
    for _, (plain, denied, praise, blame) in VERDICT_FRAMES:
        assert len(plain) == len(denied)
        assert len(praise) == len(blame)


@pytest.mark.parametrize("sentences", [1, 10_000])
def test_a_number_of_sentences_that_cannot_be_written_is_refused(sentences: int):
    with pytest.raises(BadInput, match="sentences must be from 2 to"):
        write_reviews(TRAIN, 6, sentences, MIXED, (0, 1))
