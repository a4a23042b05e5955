"""`glassgate reproduce counting`: words, counters built by hand, and the whole command."""

import json
from dataclasses import replace

import pytest
import torch

from glassgate.experiments.finished import Finished
from glassgate.experiments.runner import Runner
from glassgate.formulation import Formulation
from glassgate.nn import GRU, SRN, LanguageModel
from glassgate.pages.content import Chart
from glassgate.reproductions.counting import experiment
from glassgate.reproductions.counting.counters import (
    accepted_held,
    find_counters,
    moved_count,
    trace_states,
)
from glassgate.reproductions.counting.networks import FORMS, as_form, count_parameters, make_model
from glassgate.reproductions.counting.page import charts, page, tables
from glassgate.reproductions.counting.summary import compare, summaries
from glassgate.reproductions.counting.words import LANGUAGES, accepted, find_limits
from glassgate.train.backends import LOKY, Workers
from tests.experiments.test_workers import without_times

TINY = experiment.Plan(trained=8, tested=10, epochs=10, hidden_size=3)
ANBN = LANGUAGES["anbn"]._replace(trained=20, tested=60)


def build_counter(loss_by_b: float = 1.0) -> LanguageModel:
    """Return a network that counts a in one unit, and takes `loss_by_b` off for each b."""
    model = LanguageModel(4, "gru", 4, 3)
    form = Formulation(reset="none", squash="linear")
    model.network = network = GRU(4, 3, formulation=form)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.embedding.weight.copy_(torch.eye(4))
        network.bias_ih_l0[3:6] = -200.0  # the update gate: nothing is kept
        W, U = network.weight_ih_l0[6:], network.weight_hh_l0[6:]  # of the candidate
        W[0, 0], W[0, 1], U[0, 0] = 1.0, -loss_by_b, 1.0  # a, b, the count so far
        W[1, 0] = W[2, 1] = 1.0  # the last letter is a, is b
        count, after_b = 100.0, 1e5
        model.decoder.weight[:, 0] = torch.tensor([count, count, 0.0, -after_b])
        model.decoder.weight[:, 2] = torch.tensor([-after_b, 0.0, after_b, 0.0])
        model.decoder.bias[:] = torch.tensor([0.0, 0.0, 0.5 * count - after_b, -after_b])
    return model.eval()


# Words --------------------------------------------------------------------------------------------


def test_words_have_as_many_of_each_letter_between_begin_and_end():
    assert LANGUAGES["anbn"].word(2) == [3, 0, 0, 1, 1, 2]
    assert LANGUAGES["anbncn"].word(2) == [4, 0, 0, 1, 1, 2, 2, 3]
    assert LANGUAGES["anbncn"].word(2, 1) == [4, 0, 0, 1, 1, 2, 2, 2, 3]
    assert LANGUAGES["anbn"].word(2, -1) == [3, 0, 0, 1, 2]
    assert [len(word) for word in ANBN.words(most=3)] == [4, 6, 8]
    assert len(ANBN.words()) == 60


def test_a_counter_accepts_the_words_of_the_language_and_no_others():
    model = build_counter()
    assert find_limits(model, ANBN) == (None, None, None, None)
    wrong = [[3, 0, 1, 0, 1, 2], [3, 0, 2], [3, 0, 0, 1, 2]]
    assert accepted(model, [*wrong, ANBN.word(7)], ANBN) == [False] * 3 + [True]


def test_a_counter_that_loses_a_little_at_each_b_miscounts_when_a_half_has_been_lost():
    """Another b has the logit 1.5 n - 50; 0.025 is the probability of a logit of -+3.66."""
    limits = find_limits(build_counter(0.985), ANBN)
    assert limits == (34, 36, 31, None)


# The unit that counts -----------------------------------------------------------------------------


def test_the_unit_that_counts_is_found():
    model = build_counter()
    counters = find_counters(model, ANBN)
    assert (counters.units, counters.best, counters.moved) == ([0], 0, 1)
    assert counters.correlation == pytest.approx(1)
    assert trace_states(model, ANBN.word(3)[:-1])[:, 0].tolist() == [0, 1, 2, 3, 2, 1, 0]


def test_a_held_counter_accepts_nothing_and_other_held_units_tell_letters_apart():
    model = build_counter()
    assert accepted_held(model, ANBN, [0]) == 0
    assert accepted_held(model, ANBN, [1]) == 1  # whether the last letter is a, which nothing reads


def test_the_count_moves_with_its_unit_alone():
    model = build_counter()
    assert moved_count(model, ANBN, [0]) == 1
    assert moved_count(model, ANBN, [1, 2]) == 0


# The networks -------------------------------------------------------------------------------------


def test_the_srn_has_the_values_of_torch_and_trains_its_own_weights_alone():
    torch.manual_seed(0)
    model = make_model("srn", ANBN, 5)
    srn, weights = SRN(3, 5), dict(model.network.named_parameters())
    with torch.no_grad():
        for name, own in srn.named_parameters():
            own.copy_(weights[name][10:])
    input = torch.randn(7, 2, 3)
    with as_form("srn", model):
        output, _ = model.network(input)
        output.sum().backward()
    torch.testing.assert_close(output, srn(input)[0])
    assert not any(weight.grad[:10].any() for weight in weights.values())
    rest = 4 * 3 + 4 * (5 + 1)  # embedding, decoder
    assert count_parameters("srn", model) == rest + sum(w.numel() for w in srn.parameters())


@pytest.mark.parametrize("form", FORMS)
def test_parameters_are_those_that_are_trained(form):
    blocks = {"lstm": 4, "gru": 3, "gru-before": 3, "gru-none": 2, "srn": 1}[form]
    assert count_parameters(form, make_model(form, ANBN, 5)) == blocks * 5 * (3 + 5 + 2) + 36


def test_short_words_do_not_say_whether_a_network_counts():
    forgets_all = build_counter(loss_by_b=2.0)  # so that it expects half of the b
    assert find_limits(forgets_all, ANBN).miscounted == ANBN.shortest == 2


def test_the_least_loss_is_reached_by_a_network_that_knows_all_but_n():
    """Of words of n = 1 and 2 all is certain but whether the second letter is a."""
    assert experiment.floor(ANBN._replace(trained=2)) == pytest.approx(2 * 0.6931472 / (3 + 5))


# What was published -------------------------------------------------------------------------------


def made_up(network: str, seed: int, miscounted: int | None, language: str = "anbn") -> dict:
    return {
        "language": language,
        "network": network,
        "seed": seed,
        "parameters": 1,
        "train_seconds": 1.0,
        "loss": 0.1,
        "miscounted": miscounted,
        "rejected": None,
        "longer": None,
        "shorter": None,
        "units": [0],
        "correlation": 1.0,
        "intact": 1.0,
        "held": 0.0,
        "moved": 1.0,
        "moved_best": 1.0,
        "moved_others": 0.0,
        "trace": [0.0, 1.0],
    }


def test_a_network_counts_if_it_is_right_beyond_what_it_was_trained_on():
    language = LANGUAGES["anbn"]
    errs = {"lstm": [None, None], "gru": [39, 41], "gru-before": [90, 300], "gru-none": [39, 41]}
    errs["srn"] = [5, 6]
    runs = [made_up(net, seed, n) for net, ns in errs.items() for seed, n in enumerate(ns)]
    networks = summaries(runs, [language])
    assert networks[0]["firsts"] == [401, 401]  # no error to 400
    found = {each["id"]: each for each in compare(networks, [language])}
    assert {id: each["outcome"] for id, each in found.items()} == {
        "anbn-lstm-counts-100": "reproduced",
        "anbn-lstm-counts-256": "reproduced",
        "anbn-gru-none-fails": "reproduced",
        "anbn-gru-none-behind": "reproduced",
        "anbn-gru-fails": "reproduced",
        "anbn-gru-behind": "reproduced",
        "anbn-gru-before-fails": "undecided",
        "anbn-gru-before-behind": "undecided",
        "anbn-srn-fails": "reproduced",
    }
    assert found["anbn-gru-none-fails"]["published"] == "errs from n = 39 on"
    assert "the reset gate is used" in found["anbn-gru-fails"]["different"]


def test_what_networks_cannot_do_is_undecided_where_not_even_the_lstm_was_trained_enough():
    language = LANGUAGES["anbn"]
    runs = [made_up(network, seed, 12) for network in FORMS for seed in (0, 1)]
    found = compare(summaries(runs, [language]), [language])
    assert [each["outcome"] for each in found] == ["other conditions"] * 2 + ["undecided"] * 7


# End to end ---------------------------------------------------------------------------------------


def test_a_quick_plan_keeps_a_number_that_was_asked_for():
    assert experiment.quick(experiment.Plan()).epochs == experiment.QUICK_EPOCHS
    assert experiment.quick(experiment.Plan(epochs=7)).epochs == 7


def test_kept_pieces_give_the_numbers_of_an_unbroken_run(tmp_path):
    plan = replace(TINY, networks=("lstm", "gru", "srn", "gru-before", "gru-none"))
    unbroken = experiment.run(plan, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    experiment.run(plan, (3, 4), runner)
    for path in sorted((tmp_path / "pieces").glob("*seed*"))[::2]:
        path.unlink()
    resumed = experiment.run(plan, (3, 4), runner)
    assert json.dumps(without_times(resumed)) == json.dumps(without_times(unbroken))


def test_the_command_writes_what_it_prints(glassgate_, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, "Plan", lambda **_: TINY)
    monkeypatch.setenv("COLUMNS", "400")
    said = glassgate_("reproduce", "counting", "--seeds", 2)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "counting" / "results.json").read_text())
    assert (tmp_path / "counting" / "counting.png").read_bytes().startswith(b"\x89PNG")
    assert len(results["runs"]) == 2 * 5 * 2
    assert results["plan"]["trained"] == 8
    content = page(results)
    assert "question of units, not of people" in content.lead
    for row in tables(results)[0].rows:
        assert row[-1] in said.out
    for chart in charts(results).values():
        assert isinstance(chart, Chart)
        assert [line.name for line in chart.lines] == [form.name for form in FORMS.values()]
        assert all(min(line.y) >= 0 and max(line.y) <= 1 for line in chart.lines)
    for each in results["comparisons"]:
        assert any("words to n" in condition for condition in each["different"]) or (
            "srn" in each["id"]
        )


def test_plans_that_cannot_be_measured_are_refused(glassgate_):
    said = glassgate_("reproduce", "counting", "--epochs", 0)
    assert said.code == 2
    with pytest.raises(ValueError, match="tested must be a whole number of at least trained, 100"):
        experiment.Plan(tested=99)
