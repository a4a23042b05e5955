"""`glassgate reproduce adding` and `copying`: problems, sizes, comparisons, and the commands."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from glassgate.errors import BadInput
from glassgate.experiments.finished import Finished
from glassgate.experiments.long_lags.training import TEST, Training
from glassgate.experiments.runner import Runner
from glassgate.pages.content import Table
from glassgate.reproductions.adding import experiment as adding
from glassgate.reproductions.adding import page as adding_page
from glassgate.reproductions.adding.problem import AddingAnywhere
from glassgate.reproductions.adding.summary import MARGIN
from glassgate.reproductions.adding.summary import comparisons as compare_adding
from glassgate.reproductions.bai2018.training import evaluate
from glassgate.reproductions.copying import experiment as copying
from glassgate.reproductions.copying import page as copying_page
from glassgate.reproductions.copying.problem import DigitCopying
from glassgate.reproductions.copying.summary import comparisons as compare_copying
from glassgate.train.backends import LOKY, Workers
from tests.conftest import Run

BOTH = {"adding": adding, "copying": copying}
PAGES = {"adding": adding_page, "copying": copying_page}
SMALL = {"T": 5, "steps": 13, "valid": 10, "test": 205}
each = pytest.mark.parametrize("name", BOTH)


def tiny(name: str):
    """Make a plan of three tiny networks."""
    units = {"lstm": 3, "gru": 4, "srn": 5}
    return BOTH[name].Plan(**SMALL, units=units, learning_rates=dict.fromkeys(units, 0.1))


# The problems -------------------------------------------------------------------------------------


def test_two_steps_anywhere_are_marked_and_their_sum_is_due():
    batch = AddingAnywhere().draw(7, 4000, np.random.default_rng(0))
    values, marks = batch.inputs.unbind(-1)
    assert batch.inputs.shape == (7, 4000, 2)
    assert set(marks.unique().tolist()) == {0.0, 1.0}
    assert (marks.sum(0) == 2).all()
    torch.testing.assert_close(batch.targets, (values * marks).sum(0))
    pairs = {tuple(torch.nonzero(column)[:, 0].tolist()) for column in marks.T}
    assert len(pairs) == 7 * 6 / 2  # also both in one half
    torch.testing.assert_close(marks.mean(1), torch.full((7,), 2 / 7), atol=0.03, rtol=0)


def test_a_step_reads_a_digit_and_the_last_eleven_read_the_cue():
    T = 6
    batch = DigitCopying().draw(T, 500, np.random.default_rng(0))
    read = batch.inputs[..., 0]
    assert batch.inputs.shape == (T + 20, 500, 1)
    assert set(read[:10].unique().tolist()) == set(range(1, 9))
    assert (read[10 : 10 + T - 1] == 0).all()
    assert (read[-11:] == 9).all()
    assert (batch.targets[: T + 10] == 0).all()
    torch.testing.assert_close(batch.targets[-10:], read[:10].long())


def test_guessing_costs_what_is_said_of_it():
    problem, T = DigitCopying(), 1000
    batch = problem.draw(T, 50, np.random.default_rng(0))
    logits = torch.full((T + 20, 10), -1e9)
    logits[: T + 10, 0] = 0
    logits[-10:, 1:9] = 0

    class Guesses(torch.nn.Module):
        def forward(self, input):
            return logits[:, None].expand(-1, input.shape[1], -1)

    loss, right = problem.baseline(T)
    assert float(problem.predict(Guesses(), batch).loss()) / batch.count == pytest.approx(loss)
    assert loss == pytest.approx(0.0204, abs=5e-5)
    assert problem.right(Guesses(), batch) == pytest.approx(right, abs=0.05)


# The networks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "published"), [("adding", 70_000), ("copying", 16_000)])
def test_networks_have_about_the_published_number_of_parameters(name, published):
    plan = BOTH[name].Plan()
    assert set(plan.units) == {"lstm", "gru", "srn", "gru-chrono", "lstm-chrono"}
    for network, units in plan.units.items():
        model = Training(BOTH[name].PROBLEM, plan.T, network, 0).model(units)
        parameters = sum(weight.numel() for weight in model.parameters())
        assert parameters == pytest.approx(published, rel=0.02)


@each
def test_a_test_in_parts_is_that_of_the_whole(name):
    problem = BOTH[name].PROBLEM
    training = Training(problem, 5, "gru", 1)
    model = training.model(4)
    batch = training.draw(205, TEST)
    loss, right = evaluate(training, model, 205)
    with torch.no_grad():
        assert loss == pytest.approx(float(problem.predict(model, batch).loss()) / batch.count)
    assert right == pytest.approx(problem.right(model, batch))


@each
def test_denormals_are_what_they_were_after_a_training(name):
    training = Training(BOTH[name].PROBLEM, 5, "gru", 1)
    BOTH[name].training.train(training, tiny(name), [])
    assert float(torch.tensor(1e-30) * torch.tensor(1e-10)) > 0


# Comparisons --------------------------------------------------------------------------------------


def measured(T: int, baseline: float, **losses: list[float]):
    runs = [
        {"network": network, "seed": seed, "loss": loss}
        for network, values in losses.items()
        for seed, loss in enumerate(values)
    ]
    plan = {"T": T, "steps": 10, "batch_size": 2}
    return {"runs": runs, "plan": plan, "baseline": {"loss": baseline, "right": 0}}


def outcomes(rows) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in rows}


def test_errors_over_powers_of_ten_are_compared_by_their_logarithms():
    found = compare_adding(
        measured(600, 1 / 6, lstm=[0.165, 0.166], srn=[0.2, 0.21], gru=[2e-5, 1e-4, 8e-5])
    )
    assert outcomes(found) == {
        "lstm-error": "reproduced",
        "lstm-unsolved": "reproduced",
        "srn-error": "undecided",  # two seeds, 0.14 to 0.27
        "srn-unsolved": "undecided",
        "gru-error": "reproduced",
        "gru-solved": "reproduced",
    }
    gru = next(row for row in found if row["id"] == "gru-error")
    assert gru["measured"] == pytest.approx((2e-5 * 1e-4 * 8e-5) ** (1 / 3))
    assert gru["published"] == 5.3e-5


def test_what_is_not_found_is_of_other_conditions():
    found = compare_adding(
        measured(60, 1 / 6, lstm=[0.01, 0.011], srn=[0.177, 0.1771], gru=[0.16, 0.161])
    )
    assert outcomes(found) == {
        "lstm-error": "other conditions",
        "lstm-unsolved": "other conditions",
        "srn-error": "other conditions",  # as the figure is of T = 600
        "srn-unsolved": "other conditions",
        "gru-error": "other conditions",
        "gru-solved": "other conditions",
    }
    assert "T = 60 instead of 600" in found[0]["different"]
    assert any(condition.startswith("20 training sequences") for condition in found[0]["different"])


def test_the_margin_is_that_of_a_thousand_sequences():
    draw = np.random.default_rng(0)
    errors = (draw.random((1000, 1000)) + draw.random((1000, 1000)) - 1) ** 2
    assert 1.96 * errors.mean(1).std() == pytest.approx(MARGIN, rel=0.06)


def test_copying_is_compared_with_the_loss_of_guessing():
    found = compare_copying(
        measured(1000, 0.0204, lstm=[0.0204, 0.02041], gru=[0.01, 0.0101], srn=[0.0201, 0.0203])
    )
    assert outcomes(found) == {
        "lstm-loss": "reproduced",
        "lstm-unsolved": "reproduced",
        "gru-loss": "other conditions",
        "gru-unsolved": "other conditions",
        "srn-loss": "undecided",  # 0.0189 to 0.0215
        "srn-unsolved": "reproduced",
    }


# The commands -------------------------------------------------------------------------------------


@each
def test_plans_check_themselves(name):
    plan = BOTH[name].Plan()
    for field in ("T", "steps", "batch_size", "valid", "test"):
        with pytest.raises(BadInput, match=f"{field} must be a whole number"):
            replace(plan, **{field: 0})
    with pytest.raises(BadInput, match="must name the same networks, got"):
        replace(plan, units={"gru": 3})
    assert BOTH[name].quick(replace(plan, steps=99)).steps == 99  # what an option set stays


@each
def test_the_command_writes_what_it_prints(glassgate_: Run, tmp_path, monkeypatch, name):
    plan = tiny(name)
    monkeypatch.setattr(BOTH[name], "Plan", lambda **_: plan)
    said = glassgate_("reproduce", name, "--seed", 4, "--seeds", 2, "--workers", 1)
    assert said.code == 0, said.err
    results = json.loads((tmp_path / name / "results.json").read_text())
    assert (tmp_path / name / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert [run["seed"] for run in results["runs"]] == [4, 5] * 3
    assert results["steps"][-1] == 13
    assert len(results["comparisons"]) == 6
    for row in results["networks"]:
        assert f"{row['loss']['mean']:.3g}" in said.out
    content = PAGES[name].page(results)
    assert content.lead.startswith("Published figures and statements: ")
    assert content.sections[1].body == PAGES[name].charts(results)
    assert isinstance(content.sections[2].body, Table)
    assert len(PAGES[name].tables(results)) == 2


@each
def test_a_run_that_goes_on_has_the_same_numbers(name, tmp_path):
    plan = tiny(name)
    unbroken = BOTH[name].run(plan, (3, 4))
    runner = Runner(Workers(1, LOKY, 1), finished=Finished(tmp_path, {}))
    BOTH[name].run(plan, (3, 4), runner)
    for path in sorted((tmp_path / "pieces").glob("*seed*"))[::2]:
        path.unlink()
    resumed = BOTH[name].run(plan, (3, 4), runner)
    for one, other in zip(unbroken["runs"], resumed["runs"], strict=True):
        assert {**one, "train_seconds": 0} == {**other, "train_seconds": 0}
