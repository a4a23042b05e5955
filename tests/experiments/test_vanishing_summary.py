"""What the trainings of the vanishing experiment say together."""

import math

import pytest

from glassgate.analysis.intervals import geometric_interval
from glassgate.experiments.vanishing import experiment
from glassgate.experiments.vanishing.judgements import claims
from glassgate.experiments.vanishing.page import charts, tables
from glassgate.experiments.vanishing.summary import statements, summaries

NETWORKS = tuple(experiment.Plan().learning_rates)


def a_run(network, seed, loss, right, norms, T=100):
    side = {"half_life": 2.0 + seed, "norms": norms}
    return {
        "problem": "adding",
        "T": T,
        "network": network,
        "seed": seed,
        "parameters": 7,
        "train_seconds": 1.0 + seed,
        "valid_loss": [1.0, loss],
        "loss": loss,
        "right": right,
        "gradient": {"before": side, "after": side},
    }


def some_results(runs, times=(100,)):
    results = {
        "seeds": sorted({run["seed"] for run in runs}),
        "plan": {
            "problems": ["adding"],
            "times": times,
            "learning_rates": dict.fromkeys(NETWORKS),
            "steps": 10,
        },
        "blind": [{"problem": "adding", "T": T, "loss": 1 / 6, "right": 0.15} for T in times],
        "lags": {str(T): [0, T - 1] for T in times},
        "runs": runs,
    }
    results["networks"] = summaries(runs)
    results["claims"] = claims(results)
    return results


def test_by_hand_seeds_are_put_together():
    runs = [
        *(a_run("feedforward", s, 0.16, 0.15, [1.0, s / 2]) for s in (0, 1)),
        *(a_run("srn", s, loss, 0.2, [1.0, 0.01]) for s, loss in ((0, 0.14), (1, 0.18))),
        *(
            a_run("gru", s, loss, 0.95, [2.0, left])
            for s, loss, left in ((0, 1e-4, 2), (1, 4e-4, 1))
        ),
        *(a_run("lstm", s, loss, r, [1.0, 0.1]) for s, loss, r in ((0, 0.1, 0.3), (1, 0.1, 0.96))),
        *(a_run(name, s, 0.1, 0.3, [1.0, 0.1]) for name in NETWORKS[4:] for s in (0, 1)),
    ]
    results = some_results(runs)
    gru = next(one for one in results["networks"] if one["network"] == "gru")
    assert gru["loss"]["mean"] == pytest.approx(2e-4)
    assert (gru["loss"]["low"], gru["loss"]["high"]) == pytest.approx(
        geometric_interval([1e-4, 4e-4])
    )
    assert gru["solved"] == 2
    assert gru["train_seconds"] == 1.5
    assert gru["gradient"]["after"]["half_life"] == 2.0
    assert gru["gradient"]["after"]["left"][0] == {"mean": 1, "low": 1, "high": 1}
    assert gru["gradient"]["after"]["left"][1]["mean"] == pytest.approx(math.sqrt(0.5))
    said = {(one["about"], one.get("network")): one for one in statements(results)}
    sentences = {key: one["statement"] for key, one in said.items()}
    solves = "The GRU solves adding at T = 100 with 2 of 2 seeds."
    assert sentences["adding", "gru"] == solves
    assert sentences["adding", "lstm"] == "The LSTM solves adding at T = 100 with 1 of 2 seeds."
    assert sentences["adding", "feedforward"] == (
        "The feedforward network solves adding at no T; at T = 100 it beats the input-blind "
        "baseline."
    )
    assert sentences["adding", "srn"] == (
        "The SRN solves adding at no T; whether it beats the input-blind baseline is undecided at "
        "every T."
    )
    (reached,) = (one for one in said.values() if one.get("problem"))
    assert reached["farther"]["lstm"] == [100]
    assert reached["farther"]["gru"] == []  # its seeds are too far apart
    feedforward = results["networks"][0]["gradient"]["after"]["left"]
    assert feedforward[1] == {"median": 0.25}  # of 0 and 1/2


def test_a_sentence_names_each_time_once():
    runs = [
        a_run(network, seed, loss, right, [1.0, 0.5], T)
        for network in NETWORKS
        for T, loss, right in ((10, 0.001, 1.0), (20, 0.1, 0.5), (30, 0.2, 0.1))
        for seed in (0, 1)
    ]
    said = statements(some_results(runs, (10, 20, 30)))
    assert said[2]["statement"] == (
        "The GRU solves adding at T = 10 with 2 of 2 seeds; at T = 20 it beats the input-blind "
        "baseline; whether it beats the input-blind baseline is undecided at T = 30."
    )
    assert said[2]["solved"] == {"10": 2, "20": 0, "30": 0}


def test_a_gradient_that_does_not_halve_is_said_to_be_above_the_lags_looked_at():
    runs = [a_run(network, s, 0.1, 0.1, [1.0, 1.0]) for network in NETWORKS for s in (0, 1)]
    runs[-1]["gradient"]["before"] = runs[-2]["gradient"]["before"] = {
        "half_life": None,
        "norms": [1.0, 1.0],
    }
    results = some_results(runs)
    plain, chrono = statements(results)[len(NETWORKS) : len(NETWORKS) + 2]
    assert plain["half_life"] == 3.0  # of the seed that takes longest
    assert "PyTorch's initial weights halves within 3 steps at the latest" in plain["statement"]
    assert chrono["half_life"] is None
    assert "spans are set does not always fall to half" in chrono["statement"]
    assert tables(results)[-2].rows[-1][3:5] == ("> 99", "2.0")
    runs[-2]["gradient"]["before"] = a_run("gru", 0, 0, 0, [1.0, 1.0])["gradient"]["before"]
    assert tables(some_results(runs))[-2].rows[-1][3] == "2.0"  # one of two seeds does halve


def test_before_training_what_is_left_at_most_is_that_of_the_seed_with_most():
    runs = [
        a_run(network, seed, 0.1, 0.1, [2.0, left])
        for network in NETWORKS
        for seed, left in ((0, 1e-9), (1, 1e-3))
    ]
    plain = statements(some_results(runs))[len(NETWORKS)]
    assert plain["left"] == 5e-4
    assert "at most 0.0005 of it remains 99 steps back" in plain["statement"]


def test_where_a_seed_has_nothing_left_there_is_a_median_and_nothing_is_compared():
    left = {"srn": (0.0, 0.0, 1e-9), "lstm": (1e-3, 0.0, 4e-5)}
    runs = [
        a_run(network, seed, 0.1, 0.1, [1.0, left.get(network, (0.287, 0.291, 0.294))[seed]])
        for network in NETWORKS
        for seed in range(3)
    ]
    results = some_results(runs)
    said = statements(results)[-1]
    assert set(map(tuple, said["farther"].values())) == {()}
    assert said["statement"].endswith(
        "(the intervals do not overlap): in the GRU, the LSTM, the GRU with spans set and the "
        "LSTM with spans set at no T. Where nothing remains with some seed there is no interval: "
        "in the SRN and the LSTM at T = 100."
    )
    shown = {row[2]: row[-2:] for row in tables(results)[-2].rows}
    assert shown["SRN"] == ("0 (median)", "")
    assert shown["LSTM"] == ("4.0e-05 (median)", "")
    assert shown["GRU"] == ("2.9e-01", "2.8e-01 to 3.0e-01")  # the mean lies within


def test_the_feedforward_network_has_a_row_and_a_mark_of_its_gradient():
    runs = [
        a_run(network, seed, 0.1, 0.1, [1.0, 0.0 if network == "feedforward" else 0.5])
        for network in NETWORKS
        for seed in (0, 1)
    ]
    results = some_results(runs)
    assert tables(results)[-2].rows[0][2:] == (
        "feedforward", "2.0", "2.0", "99", "0 from lag 1 on", "",
    )  # fmt: skip
    for when in ("before", "after"):
        line = charts(results)[f"adding, T = 100, {when} training"].lines[-1]
        assert (line.name, line.x, line.y) == ("feedforward", (0.0,), (1.0,))
    assert not any(
        one["about"] == "gradient" and "feedforward" in one["statement"]
        for one in statements(results)
    )


def test_claims_compare_the_gru_with_the_srn_at_the_longest_time():
    def side(half_life: float | None) -> dict:
        return {"half_life": half_life, "norms": [1.0, 0.5]}

    runs = [
        a_run(network, seed, 0.1, right, [1.0, 0.5], T)
        for network in NETWORKS
        for T, right in ((10, 0.0), (20, 1.0 if network == "gru" else 0.2))
        for seed in (0, 1)
    ]
    far = {(run["network"], run["seed"]): run for run in runs if run["T"] == 20}
    for seed in (0, 1):
        far["gru", seed]["gradient"] = {"before": side(2.0 + seed), "after": side(None)}
        far["gru-chrono", seed]["gradient"]["after"] = side(0.5)
        far["srn", seed]["gradient"]["after"] = side(2.0)
    judged = {claim["id"]: claim for claim in claims(some_results(runs, (10, 20)))}
    assert judged["adding: gru learns"]["confirmed"] == "yes"
    assert judged["adding: gru learns"]["measured"] == pytest.approx(0.8)
    assert judged["adding: gru-chrono learns"]["confirmed"] == "no"  # as much as the SRN
    after = judged["adding: gru after training"]
    wanted = math.log2(19 / 2)  # not halved within 19 steps
    assert (after["confirmed"], after["measured"]) == ("yes", pytest.approx(wanted))
    assert judged["adding: gru-chrono after training"]["confirmed"] == "no"
    assert "PyTorch's initial weights" in after["condition"]
    for network in ("srn", "gru"):
        far[network, 1]["gradient"]["after"] = side(None)
    judged = {claim["id"]: claim for claim in claims(some_results(runs, (10, 20)))}
    assert judged["adding: gru after training"]["confirmed"] == "undecided"
