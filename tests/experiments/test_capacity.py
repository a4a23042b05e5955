"""`glassgate experiment capacity`: the comparison at equal parameters, and the whole command."""

import json
import math
from dataclasses import replace

import pytest

from glassgate.analysis.intervals import geometric_interval
from glassgate.errors import BadInput
from glassgate.experiments.capacity import experiment
from glassgate.experiments.capacity.page import page, tables
from glassgate.experiments.capacity.summary import NETWORKS, PAIRS, claims, comparisons, statements
from glassgate.pages.content import Chart
from tests.experiments.experiment_cases import assert_only_pieces, stops_second

TINY = replace(
    experiment.Plan(sizes=(2, 6), train=60, held_out=20),
    settings=replace(experiment.SETTINGS, embedding_size=5, epochs=2),
)
SIZES = {"srn": (100, 400, 1600), "gru": (200, 800, 3200), "lstm": (300, 1200, 4800)}


def power_laws(**laws: tuple[float, float]) -> list[dict[str, object]]:
    """Make runs whose divergence is scale * seed factor * parameters ** power."""
    return [
        {
            "network": name,
            "seed": seed,
            "parameters": parameters,
            "kl_bits": scale * factor * parameters**power,
        }
        for seed, factor in ((3, 1.0), (4, 1.5))
        for name, (scale, power) in laws.items()
        for parameters in reversed(SIZES[name])
    ]


# The comparison -----------------------------------------------------------------------------------


def test_on_power_laws_the_ratio_is_theirs_at_each_number_that_all_span():
    laws = {"srn": (8.0, -0.5), "gru": (6.0, -0.5), "lstm": (90.0, -1.0)}
    found = list(comparisons(power_laws(**laws)))
    counts = [300, round(math.sqrt(300 * 1600)), 1600]
    assert list(dict.fromkeys(one["parameters"] for one in found)) == counts
    assert len(found) == 3 * len(PAIRS)
    for one in found:
        (a, p), (b, q) = laws[one["network"]], laws[one["other"]]
        assert one["mean"] == pytest.approx(a / b * one["parameters"] ** (p - q))
        assert one["low"] == pytest.approx(one["mean"]) == pytest.approx(one["high"])


def test_seeds_are_compared_one_by_one():
    laws = {"srn": (8.0, -0.5), "gru": (8.0, -0.5), "lstm": (8.0, -0.5)}
    runs = power_laws(**laws)
    for run in runs:
        if run["network"] == "gru" and run["seed"] == 4:
            run["kl_bits"] *= 0.25
    found = next(
        one for one in comparisons(runs) if (one["network"], one["other"]) == ("gru", "srn")
    )
    assert found["mean"] == pytest.approx(0.5)  # the geometric mean of 1 and 1/4
    assert (found["low"], found["high"]) == pytest.approx(geometric_interval([1.0, 0.25]))


def test_networks_that_share_no_number_of_parameters_are_not_compared():
    laws = dict.fromkeys(NETWORKS, (8.0, -0.5))
    runs = [run for run in power_laws(**laws) if run["network"] != "srn" or run["parameters"] < 300]
    assert list(comparisons(runs)) == []


def test_sentences_say_what_the_intervals_say():
    rows = [
        {"network": "gru", "other": "srn", "parameters": 1000, "low": 0.5, "high": 0.9},
        {"network": "gru", "other": "srn", "parameters": 2000, "low": 0.9, "high": 1.1},
        {"network": "gru", "other": "srn", "parameters": 3000, "low": 1.1, "high": 1.2},
        {"network": "lstm", "other": "srn", "parameters": 1000, "low": 0.5, "high": 0.9},
    ]
    both, nearer = statements(rows)
    assert both["statement"] == (
        "Compared with an SRN with as many parameters, the GRU is closer to the grammar at "
        "1,000 and farther from the grammar at 3,000 parameters; at 2,000 it is undecided which is "
        "closer."
    )
    assert nearer["nearer"] == [1000]
    assert nearer["farther"] == []
    judged = claims(TINY.to_json(), [{**row, "mean": row["low"]} for row in rows])
    assert [claim["confirmed"] for claim in judged] == ["yes", "undecided", "no", "yes"]
    assert judged[0]["interval"] == [0.5, 0.9]
    assert judged[3]["text"].startswith("With 1,000 parameters, the LSTM is closer to the grammar")


# What is asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(), (8,), (8, 8)])
def test_one_size_is_no_comparison(sizes: tuple[int, ...]):
    with pytest.raises(BadInput, match="sizes must be two or more different numbers, got"):
        experiment.Plan(sizes)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ("4", "two or more"),
        ("4,4", "two or more different numbers"),
        ("4,0", "hidden_size must be a whole number from 1"),
        ("4,x", "sizes must be whole numbers with commas between them, got '4,x'"),
        ("", "sizes must be whole numbers"),
    ],
)
def test_sizes_that_cannot_be_trained_are_refused(glassgate_, sizes, said):
    found = glassgate_("experiment", "capacity", "--sizes", sizes)
    assert found.code == 2
    assert said in found.err


# End to end ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "Plan", lambda *_: TINY)


def test_the_command_writes_what_it_prints(glassgate_, tiny, tmp_path):
    said = glassgate_("experiment", "capacity", "--seed", 4, "--seeds", 2, "--output", "out")
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "capacity.png").read_bytes().startswith(b"\x89PNG")
    assert "with how many parameters?" in (tmp_path / "out" / "report.html").read_text()
    assert results["command"] == "glassgate experiment capacity --seed 4 --seeds 2 --output out"
    assert results["seeds"] == [4, 5]
    assert results["plan"]["sizes"] == [2, 6]
    assert len(results["runs"]) == 12
    V = results["vocabulary_size"]
    for run in results["runs"]:
        blocks = {"srn": 1, "gru": 3, "lstm": 4}[run["network"]]
        H = run["hidden_size"]
        assert run["parameters_of_the_network"] == blocks * H * (5 + H + 2)
        assert run["parameters"] == V * 5 + blocks * H * (5 + H + 2) + (H + 1) * V
    for point in results["networks"]:
        own = [
            run["kl_bits"]
            for run in results["runs"]
            if (run["network"], run["hidden_size"]) == (point["network"], point["hidden_size"])
        ]
        assert point["kl_bits"]["mean"] == pytest.approx(math.sqrt(own[0] * own[1]))
        assert f"{point['kl_bits']['mean']:.4f}" in said.out
    content = page(results)
    assert isinstance(content.sections[0].body, Chart)
    assert content.sections[0].body.logarithmic == "both"
    assert "4 and 5" in (tmp_path / "out" / "report.html").read_text()
    without = {**results, "comparisons": [], "statements": []}
    assert len(tables(without)) == 1
    assert len(page(without).sections) == len(content.sections) - 1


def test_ctrl_c_leaves_what_is_finished(glassgate_, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "fit", stops_second())
    assert glassgate_("experiment", "capacity", "--seeds", 2).code == 130
    assert_only_pieces(tmp_path / "capacity", 1)
