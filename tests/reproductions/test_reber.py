"""`glassgate reproduce reber`: its strings, networks built by hand, and the whole command."""

import json
import re

import numpy as np
import pytest
import torch
from torch import nn

from glassgate.experiments.finished import Finished
from glassgate.experiments.runner import Runner
from glassgate.reproductions.networks import make_model
from glassgate.reproductions.reber import experiment, strings
from glassgate.reproductions.reber.page import page, tables
from glassgate.reproductions.reber.summary import compare
from glassgate.train.backends import LOKY, Workers
from tests.experiments.test_workers import without_times

TINY = experiment.Plan(train=60, epochs=1, embedded_size=3, test=60, random=80)
PLAIN = re.compile("b(ts*x(xt*vp)*(s|xt*vv)|pt*v(p(xt*vp)*(s|xt*vv)|v))e")
"""The language of the paper's figure 3, written by hand."""


# Strings ------------------------------------------------------------------------------------------


def test_the_plain_grammar_is_that_of_the_paper():
    grammar = strings.load_grammar("reber")
    for string in strings.sample(grammar, 300, seed=0):
        assert PLAIN.fullmatch(string), string
    for string in strings.random_strings(3000, 6, np.random.default_rng(0)):
        assert strings.is_grammatical(grammar, string) == bool(PLAIN.fullmatch(string)), string
    assert strings.is_grammatical(grammar, "bpvve")
    assert not strings.is_grammatical(grammar, "bpvv")
    assert not strings.is_grammatical(grammar, "bpvvee")


@pytest.mark.parametrize("name", ["embedded", "biased"])
def test_an_embedded_string_stands_between_two_of_the_same_letter(name):
    for string in strings.sample(strings.load_grammar(name), 300, seed=0):
        assert string[:2] in ("bt", "bp")
        assert string[-2:] == f"{string[1]}e"
        assert PLAIN.fullmatch(string[2:-2])
        assert strings.embedded_length(string) == len(string[2:-2])


@pytest.mark.parametrize(("name", "shares"), [("embedded", (0.5, 0.5)), ("biased", (0.6, 0.4))])
def test_only_in_the_biased_grammar_the_string_depends_on_the_letter_before_it(name, shares):
    grammar = strings.load_grammar(name)
    for first, share in zip("tp", shares, strict=True):
        prefix = grammar.prefixes(["b", first, "b"])[-1]
        assert prefix.next_words["t"] == pytest.approx(share)


def test_random_strings_have_the_letters_and_lengths_that_are_asked_for():
    drawn = strings.random_strings(500, 4, np.random.default_rng(0))
    assert all(re.fullmatch("b[tpsxv]{2,4}e", string) for string in drawn)
    assert {len(string) for string in drawn} == {4, 5, 6}


# Networks built by hand ---------------------------------------------------------------------------


class Remembers(nn.Module):
    """The state is the sum of what was read: 7 units, one a letter, and no other."""

    def forward(self, input: torch.Tensor, state: None = None):
        return input.cumsum(0), state


def build(decoder: dict[tuple[str, str], float]):
    """Return a network whose logit of one letter is a sum over the letters read so far."""
    model = make_model("srn", torch.eye(7), 7)
    model.network = Remembers()
    with torch.no_grad():
        model.decoder.weight.zero_()
        model.decoder.bias.zero_()
        for (letter, read), weight in decoder.items():
            model.decoder.weight[strings.LETTERS.index(letter), strings.LETTERS.index(read)] = (
                weight
            )
    return model


def test_every_letter_needs_its_probability():
    uniform = build({})  # 1/7 for each letter
    assert strings.accepted(uniform, ["bte"]) == [False]
    assert strings.accepted(build({("t", "b"): 9, ("e", "t"): 20}), ["bte", "be", "bpe"]) == [
        True,
        False,
        False,
    ]


def test_the_letter_that_returns_is_asked_for_where_it_returns():
    keeps_t = build({("t", "t"): 1.0, ("p", "p"): 1.0})
    found = strings.repeated_right(keeps_t, ["btbpvvete", "bpbtxsepe", "bpbpvvepe", "btbttete"])
    assert found == [False, False, True, True]  # one t and one p are a draw, which is not right


# What was published -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unbiased", "biased", "lost", "kept"),
    [
        ((0.51, 0.52), (0.98, 0.99), "reproduced", "reproduced"),
        ((0.51, 0.52), (0.6, 0.99), "undecided", "undecided"),
        ((0.51, 0.52), (0.51, 0.52), "other conditions", "other conditions"),  # learned neither
    ],
)
def test_outcomes_follow_from_the_shares(unbiased, biased, lost, kept):
    plain = [{"network": "srn", "grammatical": 1.0, "random": 1.0, "seed": seed} for seed in (0, 1)]
    shares = {("embedded", "srn"): unbiased, ("biased", "srn"): biased}
    embedded = [
        {"grammar": grammar, "network": network, "right": share, "seed": seed}
        for (grammar, network), own in shares.items()
        for seed, share in enumerate(own)
    ]
    found = {each["id"]: each["outcome"] for each in compare(plain, embedded)}
    assert found == {
        "accepts-srn": "reproduced",
        "rejects-srn": "reproduced",
        "lost-srn": lost,
        "biased-srn": kept,
    }


# End to end ---------------------------------------------------------------------------------------


def test_a_quick_plan_keeps_the_strings_that_were_asked_for():
    assert experiment.quick(experiment.Plan()).train < experiment.Plan.train
    assert experiment.quick(experiment.Plan(train=700)).train == 700


def test_kept_pieces_give_the_numbers_of_an_unbroken_run(tmp_path):
    unbroken = experiment.run(TINY, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    experiment.run(TINY, (3, 4), runner)
    for path in sorted((tmp_path / "pieces").glob("*seed*"))[::2]:
        path.unlink()
    resumed = experiment.run(TINY, (3, 4), runner)
    assert json.dumps(without_times(resumed)) == json.dumps(without_times(unbroken))


def test_the_command_writes_what_it_prints(glassgate_, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, "Plan", lambda **_: TINY)
    monkeypatch.setenv("COLUMNS", "400")
    said = glassgate_("reproduce", "reber", "--seeds", 2)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "reber" / "results.json").read_text())
    assert (tmp_path / "reber" / "reber.png").read_bytes().startswith(b"\x89PNG")
    assert "Reber grammar" in page(results).title
    for row in tables(results)[1].rows:
        assert row[0] in said.out
    for run in results["plain_runs"]:
        assert run["random_grammatical"] < TINY.random
    assert len(results["embedded_runs"]) == 2 * 3 * 2
