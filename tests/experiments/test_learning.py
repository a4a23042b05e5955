"""`glassgate experiment learning`: what is measured when, and that measuring changes nothing."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from glassgate.analysis import agreement
from glassgate.analysis.agreement import drop_repeated_cues, pool_cells
from glassgate.analysis.language import language_task
from glassgate.analysis.units import unit_means
from glassgate.experiments.learning import experiment
from glassgate.experiments.learning.moments import EXPECTED, SENTENCE, AtSteps, Meter, moment_steps
from glassgate.experiments.learning.page import page, tables
from glassgate.experiments.learning.summary import claims, doublings, learned_at
from glassgate.pages.content import OverTime
from glassgate.train.loop import fit
from tests.pages.page_parts import downloads, parse

pytestmark = pytest.mark.usefixtures("few_items")

TINY = experiment.Plan(
    train=60,
    held_out=20,
    moments=3,
    first=3,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, batch_size=16, epochs=2),
)
STEPS = [0, 3, 8]  # two epochs of four batches


@pytest.mark.parametrize(("first", "last"), [(8, 626), (4, 5), (9, 3), (1, 1)])
def test_moments_lie_ever_farther_apart_from_the_start_to_the_end(first, last):
    steps = moment_steps(first, last, 12)
    assert steps[0] == 0
    assert steps[1] == min(first, last)
    assert steps[-1] == last
    assert all(before < after for before, after in pairwise(steps))
    assert moment_steps(8, 512, 8) == [0, 8, 16, 32, 64, 128, 256, 512]


def test_measuring_is_at_the_steps_and_changes_no_bit_of_training(language):
    plain, watched = (language_task(language, TINY.settings) for _ in range(2))
    start = {name: value.clone() for name, value in watched.model.state_dict().items()}
    fit(plain, TINY.settings)
    meter = Meter(language, word_by_word=True)
    meter.measure(watched.model, 0)
    seen = []

    def measure(step: int) -> None:
        mode = watched.model.training
        meter.measure(watched.model, step)
        assert watched.model.training is mode
        seen.append({name: value.clone() for name, value in watched.model.state_dict().items()})

    fit(watched, TINY.settings, watchers=[AtSteps(STEPS[1:], measure)])
    for name, value in plain.model.state_dict().items():
        assert torch.equal(watched.model.state_dict()[name], value)
        assert torch.equal(seen[-1][name], value)  # the last moment is the end
    assert [moment["step"] for moment in meter.moments] == STEPS
    for states, moment in zip([start, *seen], meter.moments, strict=True):
        plain.model.load_state_dict(states)
        means = unit_means(plain.model.eval(), language, language.held_out)
        assert moment["kept"] == means.kept.tolist()
        assert moment["reset"] == means.reset.tolist()
        assert moment["kl_bits"] == agreement.score(plain.model, language)["kl_bits"]
        choices = agreement.agreement(plain.model, drop_repeated_cues(language))
        assert moment["by_distance"] == pool_cells(choices)
        expect_sentence(plain.model, language, moment)


def expect_sentence(model, language, moment):
    """Compare gates and expectations with a loop over words."""
    network = model.network
    W, U = network.weight_ih_l0, network.weight_hh_l0
    b, c = network.bias_ih_l0, network.bias_hh_l0
    h, kept, reset, logits = torch.zeros(6), [], [], []
    with torch.no_grad():
        for token in language.context(SENTENCE):
            of_input, of_hidden = W @ model.embedding.weight[token] + b, U @ h + c
            r, k = (torch.sigmoid(of_input[i : i + 6] + of_hidden[i : i + 6]) for i in (0, 6))
            h = k * h + (1 - k) * torch.tanh(of_input[12:] + r * of_hidden[12:])
            kept.append(k.numpy())
            reset.append(r.numpy())
            logits.append(model.decoder(h))
    np.testing.assert_allclose(moment["kept_by_word"], kept[1:], atol=1e-6)
    np.testing.assert_allclose(moment["reset_by_word"], reset[1:], atol=1e-6)
    shares = logits[-2].double().softmax(-1)
    wanted = {word: float(shares[language.ids[word]]) for word in EXPECTED}
    assert moment["expected"] == pytest.approx(wanted, rel=1e-5)


# Claims -------------------------------------------------------------------------------------------


def invented(near: list[float], far: list[float], kept: list[list[float]], his: float) -> dict:
    """A run at steps 0, 3, 15, ... with these accuracies and mean kept shares."""

    def row(distance: int, accuracy: float) -> dict:
        return {"distance_min": distance, "distance_max": distance or 0, "accuracy": accuracy}

    moments = [
        {
            "step": 4**place - 1,
            "kept": shares,
            "reset": [0.5] * len(shares),
            "by_distance": [row(0, 1.0), row(1, at_near), row(10, at_far)],
            "gradient": [2.0 * place + 2, *[0.0] * 9, 2.0 * (place + 1) * 10.0 ** (place - 3), 0],
            "expected": {"his": his},
        }
        for place, (at_near, at_far, shares) in enumerate(zip(near, far, kept, strict=True))
    ]
    return {"moments": moments}


PLAN = {"train": 80_000, "training": {"hidden_size": 5}}
NEAR, FAR = [0.5, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 1.0]
SPREAD = [[0.5] * 5, [0.5] * 5, [0.6] * 5, [0.9, 0.5, 0.3, 0.2, 0.1]]


def test_a_distance_is_learned_where_accuracy_is_halfway():
    run = invented(NEAR, FAR, SPREAD, 0.9)
    assert learned_at(run, 0) == 0
    assert learned_at(run, 1) == pytest.approx(1)  # halfway from log 1 to log 4
    assert learned_at(run, -1) == pytest.approx(31)  # halfway from log 16 to log 64
    assert doublings(run) == pytest.approx(4)
    never = invented(NEAR, [0.5] * 4, SPREAD, 0.9)
    assert learned_at(never, -1) is None
    assert doublings(never) == pytest.approx(5)  # as if learned at the end, step 63


def judged(*runs: dict) -> dict[str, str]:
    return {claim["id"]: claim["confirmed"] for claim in claims(PLAN, runs)}


def test_claims_follow_the_numbers():
    learning = invented(NEAR, FAR, SPREAD, 0.9)
    assert set(judged(learning, learning).values()) == {"yes"}
    by_id = {claim["id"]: claim for claim in claims(PLAN, [learning, learning])}
    assert by_id["apart"]["measured"] == pytest.approx(np.std(SPREAD[-1]))
    assert by_id["longest keep more"]["measured"] == pytest.approx(0.4)
    assert by_id["more long units"]["measured"] == pytest.approx(0.2)  # 0.9 is a span of 9.5
    assert by_id["gradient"]["measured"] == pytest.approx(3)
    assert by_id["short first"]["measured"] == pytest.approx(4)
    assert by_id["half open"]["measured"] == 0
    assert "80,000 sentences" in by_id["his"]["condition"]

    backwards = invented(FAR, NEAR, [[0.9, 0.5, 0.3, 0.2, 0.1], *[[0.5] * 5] * 3], 0.2)
    found = judged(backwards, backwards)
    assert [name for name, confirmed in found.items() if confirmed != "no"] == ["gradient"]
    mixed = judged(learning, backwards)
    assert {mixed[name] for name in ("apart", "short first", "his")} == {"undecided"}


def test_what_is_learned_by_no_network_is_undecided():
    neither = invented([0.5] * 4, [0.5] * 4, SPREAD, 0.2)
    assert judged(neither, neither)["short first"] == "undecided"


# End to end ---------------------------------------------------------------------------------------


def test_the_command_writes_what_it_prints(glassgate_, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "Plan", lambda: TINY)
    said = glassgate_("experiment", "learning", "--seed", 4, "--seeds", 2, "--output", "out")
    assert said.code == 0, said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "learning.png").read_bytes().startswith(b"\x89PNG")
    assert results["seeds"] == [4, 5]
    assert results["claims"] == json.loads(json.dumps(claims(results["plan"], results["runs"])))
    first, second = results["runs"]
    assert [moment["step"] for moment in first["moments"]] == STEPS
    assert np.shape([moment["kept_by_word"] for moment in first["moments"]]) == (3, 7, 6)
    assert all(moment["kept_by_word"] == [] for moment in second["moments"])
    for table in tables(results):
        assert table.rows[-1][1] in said.out
    moving = [s.body for s in page(results).sections if isinstance(s.body, OverTime)]
    assert len(moving) == 6
    assert all(len(body.bodies) == len(body.moments) == 3 for body in moving)
    text = (tmp_path / "out" / "report.html").read_text()
    shown = parse(text)
    slider = shown.one("input", type="range")
    assert (slider.attributes["min"], slider.attributes["max"]) == ("0", "2")
    assert slider.attributes["aria-valuetext"] == "step 8 of 8"
    kl = [row for row in downloads(shown)["chart_7_1.csv"] if row["moment"] == "step 3 of 8"]
    wanted = [math.sqrt(math.prod(run["moments"][i]["kl_bits"] for run in (first, second)))
              for i in range(2)]  # fmt: skip
    assert [float(row["y"]) for row in kl] == pytest.approx(wanted)
