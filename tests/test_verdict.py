import json
import math
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from glassgate.errors import BadInput
from glassgate.experiments import verdict as experiment
from glassgate.experiments.content import Chart
from glassgate.experiments.intervals import OF_TWO
from glassgate.experiments.verdict_answers import NAMES, answers
from glassgate.experiments.verdict_gates import Reading, class_correlation, measure, unit_means
from glassgate.experiments.verdict_held import HOLDS, right_if_held
from glassgate.experiments.verdict_page import page, tables
from glassgate.experiments.verdict_summary import Told, accuracies, pooled, proportion, statements
from glassgate.experiments.verdict_text import (
    DOCUMENT,
    OPENING,
    PLACES,
    VERDICT_FRAMES,
    VERDICTS,
    Review,
    all_sentences,
    document_reviews,
    split_sentences,
    write_reviews,
)
from page_parts import downloads, parse

TINY = experiment.Plan(
    sentences=2,
    train_reviews=72,
    valid_reviews=18,
    test_reviews=108,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)
EVERY = all_sentences()
TRAIN = split_sentences(EVERY, 0).train


# The texts ----------------------------------------------------------------------------------------


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


# The measures -------------------------------------------------------------------------------------


def reading(review: Review, random: np.random.Generator) -> Reading:
    T = len(review.words)
    return Reading(review, random.random((T, 4)), random.random((T, 4)), random.random(4))


def test_the_means_are_those_of_the_words_of_each_part():
    random = np.random.default_rng(0)
    reviews = write_reviews(TRAIN, 36, 3, (0, 1))
    read = [reading(review, random) for review in reviews]
    measured = measure(read, [])
    for row in measured["by_place"]:
        kept, reset, carried = [], [], []
        for one in read:
            r = one.review
            part = {
                "plot before": range(r.begin),
                "verdict": range(r.begin, r.end),
                "plot after": range(r.end, len(r.words)),
            }[row["part"]]
            for t in part if r.place == row["place"] else ():
                kept.append(one.kept[t])
                reset.append(one.reset[t])
                carried.append(one.kept[t][measured["carrying_units"]])
        assert row["n"] == len(kept)
        assert row["kept"] == pytest.approx(np.mean(kept))
        assert row["reset"] == pytest.approx(np.mean(reset))
        assert row["kept_carrying"] == pytest.approx(np.mean(carried))
        assert row["kept_high"] == pytest.approx((np.array(kept) > 0.9).mean())
        assert row["reset_low"] == pytest.approx((np.array(reset) < 0.1).mean())
    combinations = {(row["place"], row["part"]) for row in measured["by_place"]}
    assert len(combinations) == 7
    assert not combinations & {("start", "plot before"), ("end", "plot after")}
    first = next(r for r in measured["around"] if (r["place"], r["offset"]) == ("middle", 0))
    at = [one.kept[one.review.begin] for one in read if one.review.place == "middle"]
    assert first["n"] == len(at) == 12
    assert first["kept"] == pytest.approx(np.mean(at))


def test_documents_are_given_word_by_word_and_count_for_nothing_else():
    random = np.random.default_rng(4)
    read = [reading(r, random) for r in write_reviews(TRAIN, 36, 3, (0, 1))]
    documents = [reading(r, random) for r in document_reviews(TRAIN, 3, (0, 4))]
    measured = measure(read, documents)
    assert measured | {"reviews": []} == measure(read, [])
    for whole, one in zip(measured["reviews"], documents, strict=True):
        assert tuple(whole["words"]) == one.review.words
        assert (whole["begin"], whole["end"]) == (one.review.begin, one.review.end)
        np.testing.assert_allclose(whole["kept"], one.kept, atol=5e-5)
        np.testing.assert_allclose(whole["reset"], one.reset, atol=5e-5)
        carrying = set(whole["order"][: len(measured["carrying_units"])])
        assert carrying == set(measured["carrying_units"])
        for row in whole["by_part"]:
            words = one.part(row["part"])
            assert row["n"] == words.stop - words.start
            assert row["reset"] == pytest.approx(one.reset[words].mean())
            assert row["kept_carrying"] == pytest.approx(one.kept[words][:, list(carrying)].mean())
    late, early = measured["reviews"]
    assert [row["part"] for row in late["by_part"]] == ["plot before", "verdict"]
    assert [row["part"] for row in early["by_part"]] == ["verdict", "plot after"]


def test_the_correlation_with_the_class_is_pearsons_and_0_for_a_still_unit():
    random = np.random.default_rng(1)
    read = [reading(r, random) for r in write_reviews(TRAIN, 36, 2, (0, 1))]
    for one in read:
        one.last[3] = 0.25
    states = np.array([one.last for one in read])
    classes = [VERDICTS.index(one.review.verdict) for one in read]
    expected = [np.corrcoef(states[:, unit], classes)[0, 1] for unit in range(3)]
    np.testing.assert_allclose(class_correlation(read), [*expected, 0.0], atol=1e-12)


def test_an_interval_is_wilsons():
    found = proportion(np.array([True] * 9 + [False]))
    assert found["n"] == 10
    assert found["accuracy"] == 0.9
    assert (found["low"], found["high"]) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_gates_are_those_of_each_review_read_alone():
    texts = experiment.make_texts(TINY, EVERY, 3)
    tiny = replace(TINY.settings, seed=3)
    model, _ = experiment.train(texts, tiny, [])
    read = experiment.read_gates(model, texts, texts.test)
    weights = {name: value.detach() for name, value in model.network.named_parameters()}
    wi, wh = weights["weight_ih_l0"], weights["weight_hh_l0"]
    bi, bh = weights["bias_ih_l0"], weights["bias_hh_l0"]
    for one in read[:5]:
        (ids,), _ = texts.encode([one.review])
        state = torch.zeros(6)
        for t, token in enumerate(ids):
            of_input = wi @ model.embedding.weight.detach()[token] + bi
            of_hidden = wh @ state + bh
            reset, update = torch.sigmoid(of_input[:12] + of_hidden[:12]).split(6)
            state = update * state + (1 - update) * torch.tanh(
                of_input[12:] + reset * of_hidden[12:]
            )
            np.testing.assert_allclose(one.kept[t], update, atol=1e-5)
            np.testing.assert_allclose(one.reset[t], reset, atol=1e-5)
        np.testing.assert_allclose(one.last, state, atol=1e-5)
    means = unit_means(read, ["verdict"])
    assert means is not None
    assert means[2] == sum(r.end - r.begin for r in texts.test)


def test_held_gates_do_what_the_equations_say_from_the_word_after_the_verdict_on():
    texts = experiment.make_texts(TINY, EVERY, 1)
    model, _ = experiment.train(texts, replace(TINY.settings, seed=1), [])
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for weight in model.parameters():
            weight.normal_()  # so that reviews, and holds, are told apart
        model.readout.bias.zero_()
    early = [review for review in texts.test if review.place == "start"]
    found = right_if_held(model, texts.ids, early)
    in_order = sorted(early, key=lambda review: review.end)
    free = experiment.are_right(model, texts, in_order)
    np.testing.assert_array_equal(found["nothing"], free)
    weights = {name: value.detach() for name, value in model.network.named_parameters()}
    wi, wh = weights["weight_ih_l0"], weights["weight_hh_l0"]
    bi, bh = weights["bias_ih_l0"], weights["bias_hh_l0"]
    wanted: dict[str, list[bool]] = {name: [] for name in HOLDS}
    for name, hold in HOLDS.items():
        for review in in_order:
            state = torch.zeros(6)
            for t, token in enumerate(texts.ids(review)):
                of_input = wi @ model.embedding.weight.detach()[token] + bi
                of_hidden = wh @ state + bh
                reset, kept = torch.sigmoid(of_input[:12] + of_hidden[:12]).split(6)
                if t >= review.end:
                    reset = reset if hold.reset is None else torch.tensor(hold.reset)
                    kept = kept if hold.kept is None else torch.tensor(hold.kept)
                new = torch.tanh(of_input[12:] + reset * of_hidden[12:])
                state = kept * state + (1 - kept) * new
            told = int(model.readout(state).argmax())
            wanted[name].append(told == VERDICTS.index(review.verdict))
        np.testing.assert_array_equal(found[name], wanted[name])
    assert len({tuple(right) for right in wanted.values()}) > 2  # holds make a difference


# What the seeds say together ----------------------------------------------------------------------


def some_told(seed: int) -> Told:
    reviews = write_reviews(TRAIN, 36, 3, (seed, 1))
    random = np.random.default_rng(seed)
    early = sum(review.place == "start" for review in reviews)
    held = {name: random.random(early) < 0.5 for name in HOLDS}
    return Told(reviews, {name: random.random(36) < 0.7 for name in ("srn", "gru")}, held)


def test_reviews_of_all_seeds_are_counted_once_in_each_group():
    told = [some_told(0), some_told(1)]
    found = accuracies(told, "gru")
    pairs = [
        (review, right)
        for one in told
        for review, right in zip(one.reviews, one.right["gru"], strict=True)
    ]
    for group in ("by_place", "by_distance", "by_negation"):
        assert sum(row["n"] for row in found[group]) == 72
    for row in found["by_place"]:
        right = [r for review, r in pairs if review.place == row["place"]]
        assert (row["n"], row["accuracy"]) == (len(right), np.mean(right))
    for row in found["by_distance"]:
        inside = range(row["distance_min"], row["distance_max"] + 1)
        right = [r for review, r in pairs if review.distance in inside]
        assert (row["n"], row["accuracy"]) == (len(right), np.mean(right))
    assert found["by_distance"][0]["distance_max"] == 0


def a_run(
    kept_after: float, reset_late: float, gru: float, late: float = 0.95
) -> dict[str, object]:
    """Give a run whose networks tell 0.5 and `gru` at the start, `late` and all at the end."""
    rows = [
        {"place": place, "part": part, "n": 10, **dict.fromkeys(MEANS, 0.5)}
        for place, part in (
            ("start", "verdict"),
            ("start", "plot after"),
            ("end", "plot before"),
            ("end", "verdict"),
        )
    ]
    rows[1] |= {"kept": kept_after, "kept_carrying": 0.9 + kept_after / 10}
    rows[3] |= {"reset": reset_late, "reset_carrying": 0.5}
    networks = [
        {
            "name": name,
            "by_place": [{"place": "start", "accuracy": share}, {"place": "end", "accuracy": end}],
        }
        for name, share, end in (("srn", 0.5, late), ("gru", gru, 1.0))
    ]
    around = [{"place": "start", "offset": 0, "kept": kept_after, "reset": 0.5}]
    return {"gates": {"by_place": rows, "around": around}, "networks": networks}


MEANS = ("kept", "reset", "kept_carrying", "reset_carrying", "kept_high", "reset_low")


def test_by_hand_what_the_document_says_is_compared_seed_by_seed():
    runs = [a_run(0.6, 0.55, 0.9), a_run(0.7, 0.45, 0.8), a_run(0.65, 0.6, 1.0)]
    told = [some_told(seed) for seed in range(3)]
    results = {"runs": runs, **pooled(runs, told)}
    said = {(one["statement"], one["units"]): one for one in statements(results)}
    assert len(said) == 7
    kept = said["after a verdict at the start the kept share rises towards 1", "all"]
    half = stats.t.ppf(0.975, 2) * 0.05 / math.sqrt(3)  # the seeds' spread is 0.05
    assert kept["measured"] == pytest.approx({"first": 0.5, "then": 0.65})
    assert kept["difference"]["low"] == pytest.approx(0.15 - half)
    assert (kept["direction"], kept["extent"]) == (True, False)
    assert said["after a verdict at the start the kept share rises towards 1", "carrying"]["extent"]
    reset = said["over a verdict at the end the reset gate falls towards 0", "all"]
    assert (reset["difference"]["verdict"], reset["direction"]) == ("not told apart", False)
    lost = said["with a verdict at the start, not the end, the GRU loses less than the SRN", None]
    assert lost["direction"]
    assert lost["measured"] == pytest.approx({"srn": 0.45, "gru": 0.1})
    assert lost["difference"]["mean"] == pytest.approx(-0.35)
    row = next(r for r in results["gates"] if (r["place"], r["part"]) == ("start", "plot after"))
    assert row["n"] == 30
    assert row["kept"]["mean"] == pytest.approx(0.65)
    assert results["around"] == [
        {"place": "start", "offset": 0, "kept": pytest.approx(0.65), "reset": 0.5}
    ]
    nothing, *others = results["held"]
    assert nothing["cost"]["mean"] == 0
    for one in others:
        shares = [told_.held[one["held"]].mean() for told_ in told]
        assert one["by_seed"] == pytest.approx(shares)
        assert one["cost"]["mean"] == pytest.approx(np.mean(nothing["by_seed"]) - np.mean(shares))
    sentences = " ".join(answers(results | {"statements": statements(results)}))
    assert (
        "After a verdict at the start the kept share rises (0.500 to 0.650); in the carrying units "
        "it rises (0.500 to 0.965). Is that what the document says? Yes."
    ) in sentences
    assert (
        "Over a verdict at the end the reset gate neither rises nor falls for sure (0.500 to "
        "0.533); in the carrying units it neither rises nor falls for sure (0.500 to 0.500). Is "
        "that what the document says? No."
    ) in sentences


def results_of(late: tuple[float, ...]) -> dict[str, Any]:
    """Give the results of seeds whose SRNs tell so much of the verdicts at the end."""
    runs = [a_run(0.6, 0.5, 0.8, share) for share in late]
    told = [some_told(seed) for seed in range(len(runs))]
    networks = [{"name": name, **accuracies(told, name)} for name in NAMES]
    results = {"runs": runs, "networks": networks, **pooled(runs, told)}
    return results | {"statements": statements(results)}


@pytest.mark.parametrize("late", [(0.53, 0.49, 0.5), (0.6, 0.7, 0.8)])  # 0.7 - 0.248 < 0.5
def test_a_network_that_tells_no_verdict_says_nothing_of_memory(late: tuple[float, ...]):
    results = results_of(late)
    lost = results["statements"][0]
    assert lost["learned"] == {"srn": False, "gru": True}
    assert lost["direction"] is None
    assert answers(results)[0] == (
        "Whether the GRU remembers better than the SRN cannot be said: a verdict at the end, where "
        "nothing has to be remembered, is not shown to be told above chance by the SRN."
    )
    (row,) = (row for row in tables(results)[1].rows if row[0] == lost["statement"])
    assert row[-2:] == ("cannot be said", "")


def test_a_loss_that_is_not_told_apart_is_not_said_to_be_less():
    results = results_of((0.7, 0.75, 0.8))
    assert results["statements"][0]["direction"] is False
    assert answers(results)[0] == (
        "Where the verdict stands at the start and not at the end, the SRN's accuracy differs by "
        "-25.0 points and the GRU's by -20.0; the GRU is not shown to lose less."
    )


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "MADE_UP", TINY)
    monkeypatch.setattr(experiment, "REAL", replace(TINY, test_reviews=54))


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    threads = torch.get_num_threads()
    command = "experiment verdict --sentences 3 --seed 2 --seeds 2 --output out"
    said = glassgate_(*command.split())
    assert said.code == 0, said.err
    assert torch.get_num_threads() == threads
    assert len(said.err.splitlines()) == 4  # two networks, two seeds
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "verdict.png").read_bytes().startswith(b"\x89PNG")
    assert results["command"] == f"glassgate {command}"
    assert results["seeds"] == [2, 3]
    assert results["files"] == {}
    assert OF_TWO in " ".join(said.out.split())
    assert OF_TWO in parse((tmp_path / "out" / "report.html").read_text()).text
    assert {"glassgate", "python", "torch", "numpy"} <= set(results["versions"])
    assert results["plan"]["sentences"] == 3
    assert results["plan"]["training"]["hidden_size"] == 6
    assert [network["name"] for network in results["networks"]] == ["srn", "gru"]
    for network in results["networks"]:
        for group in ("by_place", "by_distance", "by_negation"):
            rows = network[group]
            assert sum(row["n"] for row in rows) == 216
            right = sum(row["n"] * row["accuracy"] for row in rows) / 216
            assert right == pytest.approx(network["accuracy"]["accuracy"])
        assert f"{network['by_place'][0]['accuracy']:.1%}" in said.out
    assert len(results["gates"]) == 7
    assert len(results["runs"][0]["gates"]["units"]) == 6
    assert len(results["statements"]) == 7
    assert [row["held"] for row in results["held"]] == list(HOLDS)
    early = results["networks"][1]["by_place"][0]
    assert results["held"][0]["accuracy"] == early["accuracy"]  # nothing held is as it was
    content = page(results)
    assert any(isinstance(section.body, Chart) for section in content.sections)
    assert content.facts["seeds"] == "2 and 3"
    html = parse((tmp_path / "out" / "report.html").read_text())
    for sentence in (*answers(results), "other reviews of the very sentences that are trained on"):
        assert sentence in html.text
    for review in results["reviews"]:
        where = {"end": "at the end", "start": "at the start"}[review["place"]]
        (shown,) = [
            s
            for s in html.all("section")
            if s.one("h2").text == f"The document's review, its verdict {where}"
        ]
        assert f"{review['by_part'][0]['reset']:.3f}" in shown.text
        assert f"{review['probability']:.3f}" in shown.text
        (reset, kept) = downloads(shown).values()
        assert len(reset) == len(kept) == len(review["words"]) * 6
        for row in kept:
            step, unit = int(row["step"]), int(row["unit"])
            assert row["word"] == review["words"][step]
            assert float(row["kept"]) == review["kept"][step][unit]


def test_results_are_not_overwritten_unasked(glassgate_, tiny, tmp_path):
    (tmp_path / "verdict").mkdir()
    results = tmp_path / "verdict" / "results.json"
    results.write_text("mine")
    said = glassgate_("experiment", "verdict", "--seeds", 2)
    assert said.code == 2
    assert "results.json" in said.err
    assert results.read_text() == "mine"
    said = glassgate_("experiment", "verdict", "--seeds", 3, "--overwrite")
    assert said.code == 0
    assert OF_TWO not in " ".join(said.out.split())  # three are more
    assert json.loads(results.read_text())["experiment"] == "verdict"


def test_a_file_for_a_folder_is_refused(glassgate_, tiny, tmp_path):
    (tmp_path / "taken").write_text("")
    said = glassgate_("experiment", "verdict", "--output", "taken")
    assert said.code == 2
    assert "taken is not a folder" in said.err


def test_a_run_depends_on_its_seeds_alone():
    def numbers(seed: int) -> str:
        results = experiment.run(TINY, EVERY, {}, [seed, seed + 1], "")
        for network in (one for run in results["runs"] for one in run["networks"]):
            del network["train_seconds"], network["tokens_per_second"]
        return json.dumps(results)

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)
