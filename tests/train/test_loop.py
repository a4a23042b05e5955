import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from glassgate.errors import BadInput
from glassgate.nn.models import NETWORKS, Classifier, LanguageModel
from glassgate.train.batches import Batch
from glassgate.train.loop import Diverged, fit
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask, SentenceTask, StreamTask
from glassgate.train.watch import Epoch, Step, Watcher
from glassgate.train.worker import ramp

# Two sentences of a language whose middle word decides its last.
SAID = [[1, 3, 5, 5, 6, 2], [1, 4, 5, 5, 7, 2]] * 16
SMALL = Settings(hidden_size=16, embedding_size=8, dropout=0.0, batch_size=8, epochs=30, patience=9)
SMALL = replace(SMALL, learning_rate=0.02)


class Listener(Watcher):
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.steps: list[Step] = []
        self.epochs: list[Epoch] = []

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        self.heard.append(f"start {epochs} {list(notes)}")

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        self.heard.append(f"epoch {epoch} {steps} {done}")

    def on_step(self, step: Step) -> None:
        self.steps.append(step)

    def on_evaluation(self, done: int, batches: int) -> None:
        self.heard.append(f"evaluated {done} {batches}")

    def on_epoch_end(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)

    def on_end(self) -> None:
        self.heard.append("end")


def language(network: str = "gru", **changes: object) -> tuple[SentenceTask, Settings]:
    settings = replace(SMALL, network=network, **changes)  # type: ignore[arg-type]
    torch.manual_seed(settings.seed)
    model = LanguageModel(8, network, 8, 16)
    return SentenceTask(model, SAID, SAID[:4], settings), settings


@pytest.mark.parametrize("network", ["srn", "gru", "lstm"])
def test_a_recurrent_network_learns_the_dependency_and_feedforward_cannot(network: str):
    floor = math.log(2) / 5  # the first word is a coin's toss, the other four follow from it
    task, settings = language(network)
    assert fit(task, settings).best.valid_loss == pytest.approx(floor, abs=0.03)
    blind, settings = language("feedforward")
    assert fit(blind, settings).best.valid_loss > 2 * floor


def test_the_outcome_is_what_the_watchers_heard():
    task, settings = language(epochs=3)
    listener = Listener()
    outcome = fit(task, settings, watchers=[listener], notes=["two skipped"])
    epochs = [said for n in (1, 2, 3) for said in (f"epoch {n} 4 0", "evaluated 1 1")]
    assert listener.heard == ["start 3 ['two skipped']", *epochs, "end"]
    assert tuple(listener.epochs) == outcome.history
    assert [step.step for step in listener.steps] == [1, 2, 3, 4] * 3
    last = listener.steps[-4:]
    assert last[-1].mean_loss == pytest.approx(sum(step.loss for step in last) / 4)
    assert outcome.history[-1].train_loss == last[-1].mean_loss
    assert outcome.best.valid_measure == pytest.approx(math.exp(outcome.best.valid_loss))
    seconds = sum(epoch.seconds for epoch in outcome.history)
    assert outcome.train_seconds == pytest.approx(seconds)
    assert outcome.tokens_per_second == pytest.approx(3 * 32 * 5 / seconds)


def test_the_model_is_left_with_its_best_weights():
    task, settings = language(epochs=12)
    crossed = [[1, 3, 5, 5, 7, 2], [1, 4, 5, 5, 6, 2]]  # what is learned in the end is wrong here
    task = SentenceTask(task.model, SAID, crossed, settings)
    outcome = fit(task, settings)
    assert outcome.best.valid_loss == min(epoch.valid_loss for epoch in outcome.history)
    assert outcome.best.epoch < len(outcome.history)
    assert not task.model.training
    assert held_out_loss(task) == pytest.approx(outcome.best.valid_loss, rel=1e-5)


def test_the_linear_schedule_rises_for_a_twentieth_and_falls_to_nothing():
    shares = [ramp(progress) for progress in (0.0, 0.025, 0.05, 0.525, 1.0)]
    assert shares == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])


def test_the_linear_schedule_is_followed():
    task, settings = language(schedule="linear", epochs=1, optimizer="sgd", weight_decay=0.0)
    settings = replace(settings, batch_size=32)
    task = SentenceTask(task.model, SAID, SAID[:4], settings)  # one step, half-way through the run
    other, plain = language(epochs=1, optimizer="sgd", weight_decay=0.0)
    plain = replace(plain, batch_size=32, learning_rate=settings.learning_rate * ramp(0.5))
    other = SentenceTask(other.model, SAID, SAID[:4], plain)
    fit(task, settings)
    fit(other, plain)
    for name, value in task.model.state_dict().items():
        assert value.equal(other.model.state_dict()[name]), name


def held_out_loss(task: SentenceTask) -> float:
    nats = count = 0.0
    for batch in task.held_out():
        logits, _ = task.model(batch.inputs)
        nats += nn.functional.cross_entropy(
            logits.flatten(0, 1), batch.targets.flatten(), reduction="sum"
        ).item()
        count += batch.count
    return nats / count


def test_training_repeats_itself_and_leaves_the_random_state_alone():
    losses = []
    for _ in range(2):
        task, settings = language(epochs=2, dropout=0.0)
        task.model.dropout.p = 0.5
        before = torch.random.get_rng_state()
        losses.append(fit(task, settings).best.valid_loss)
        assert torch.equal(torch.random.get_rng_state(), before)
    assert losses[0] == losses[1]


def test_it_stops_when_held_out_data_gets_no_better():
    torch.manual_seed(0)
    model = LanguageModel(8, "gru", 8, 16)
    settings = replace(SMALL, epochs=200, patience=4)
    unlike = [[1, 6, 6, 6, 6, 2]]  # what is learnt makes this ever less likely
    outcome = fit(SentenceTask(model, SAID, unlike, settings), settings)
    assert len(outcome.history) == outcome.best.epoch + 4


def test_the_learning_rate_falls_on_a_plateau():
    def travelled(factor: float) -> float:
        task, settings = language(epochs=6, plateau_patience=0, plateau_factor=factor, patience=9)
        task._held_out = [Batch(torch.tensor([[6]]), torch.tensor([[1]]), torch.tensor([1]))]
        start = [value.detach().clone() for value in task.model.parameters()]
        store = LastWeights()
        fit(task, settings, store=store)
        return sum(
            float((store.weights[name] - before).abs().sum())
            for (name, _), before in zip(task.model.named_parameters(), start, strict=True)
        )

    assert travelled(1e-4) < 0.6 * travelled(0.999)


class LastWeights:
    """A store that remembers the last state only."""

    weights: dict[str, Tensor]

    def restore(self) -> None:
        return None

    def begin(self) -> None: ...

    def record_threads(self, threads: int) -> None: ...

    def save_state(self, snapshot: object) -> None:
        tensors = snapshot.tensors  # type: ignore[attr-defined]
        self.weights = {
            k.removeprefix("weights."): v.clone() for k, v in tensors.items() if "weights." in k
        }

    def save_epochs(self, lines: object, best: object = None) -> None: ...

    def best(self) -> dict[str, Tensor]:
        return {}

    def due(self) -> bool:
        return False

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


def test_a_stream_carries_its_state_and_cuts_its_gradient():
    torch.manual_seed(0)
    model = LanguageModel(8, "gru", 8, 16)
    settings = replace(SMALL, batch_size=2, bptt=3, epochs=1)
    task = StreamTask(model, [3, 4, 5, 6, 7] * 6, [3, 4, 5, 6], 1, settings)
    heard: list[tuple[Tensor | None, Tensor]] = []
    forward = model.forward

    def listening(tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        logits, after = forward(tokens, state)
        heard.append((state, after))
        return logits, after

    model.forward = listening  # type: ignore[method-assign]
    fit(task, settings)
    training = heard[:5]
    assert training[0][0] is None
    for (_, left), (taken, _) in pairwise(training):
        assert taken is not None
        assert torch.equal(taken, left)
        assert not taken.requires_grad
    assert heard[5][0] is None  # evaluation begins anew


def test_one_step_stretches_train_the_srn_as_elman_did():
    torch.manual_seed(0)
    model = LanguageModel(8, "srn", 8, 16)
    settings = replace(SMALL, batch_size=1, bptt=1, epochs=8, learning_rate=0.05)
    task = StreamTask(model, [3, 4, 5, 3, 6, 7] * 10, [3, 4, 5, 3, 6, 7] * 4, 1, settings)
    assert len(task.batches(1)) == 60
    assert fit(task, settings).best.valid_measure < 1.35  # a memory of one word gives 1.26


def test_a_classifier_learns_and_is_measured_by_accuracy():
    torch.manual_seed(0)
    texts = [[3, *[5] * (i % 6), 6] if i % 2 else [4, *[5] * (i % 6), 6] for i in range(64)]
    classes = [i % 2 for i in range(64)]
    task = ClassifierTask(Classifier(8, 2, "gru", 8, 16), (texts, classes), (texts, classes), SMALL)
    outcome = fit(task, SMALL)
    assert outcome.best.valid_measure == 1.0
    assert set(outcome.best.to_json()) == {
        "epoch",
        "train_loss",
        "valid_loss",
        "valid_accuracy",
        "seconds",
    }


@pytest.mark.parametrize("network", list(NETWORKS))
def test_padding_does_not_change_a_class(network: str):
    model = Classifier(9, 3, network, 5, 7).eval()
    tokens = torch.randint(0, 9, (6, 2))
    alone = model(tokens[:4, :1], torch.tensor([4]))
    padded = model(tokens, torch.tensor([4, 6]))
    torch.testing.assert_close(padded[:1], alone)


def test_sgd_takes_the_step_that_the_joined_loss_asks_for():
    task, settings = language(optimizer="sgd", learning_rate=0.1, weight_decay=0.0, epochs=1)
    settings = replace(settings, batch_size=32, clip=1e6)
    task = SentenceTask(task.model, SAID, SAID[:4], settings)
    batch = task.batches(1)[0]
    logits, _ = task.model(batch.inputs)
    nn.functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten()).backward()
    wanted = {n: p.detach() - 0.1 * p.grad for n, p in task.model.named_parameters()}  # type: ignore[operator]
    task.model.zero_grad()
    fit(task, settings)
    for name, value in task.model.named_parameters():
        torch.testing.assert_close(value.detach(), wanted[name])


def test_the_gradient_is_clipped():
    task, settings = language(optimizer="sgd", learning_rate=1.0, weight_decay=0.0, clip=1e-3)
    settings = replace(settings, epochs=1)
    before = [p.detach().clone() for p in task.model.parameters()]
    steps = len(task.batches(1))
    fit(task, settings)
    moved = [(p - q).detach().norm() for p, q in zip(task.model.parameters(), before, strict=True)]
    assert 0 < float(torch.stack(moved).norm()) <= steps * 1.0001e-3


def test_a_loss_that_is_no_number_stops_and_says_where():
    task, settings = language(epochs=5)

    class Poison(Watcher):
        def on_step(self, step: Step) -> None:
            if (step.epoch, step.step) == (2, 2):
                with torch.no_grad():
                    task.model.decoder.bias.fill_(math.nan)

    with pytest.raises(
        Diverged, match=r"became nan at epoch 2, step 3: the model of epoch 1 is kept"
    ):
        fit(task, settings, watchers=[Poison()])
    assert all(torch.isfinite(value).all() for value in task.model.parameters())
    assert issubclass(Diverged, BadInput)


def test_mixed_precision_trains(accelerate_anew: None):
    task, settings = language(mixed_precision="bf16", epochs=12)
    assert fit(task, settings).best.valid_loss < 0.4
    assert next(task.model.parameters()).dtype == torch.float32
    assert "forward" not in vars(task.model)


@pytest.fixture
def accelerate_anew() -> object:
    """Accelerate allows one precision a process; forget it before and after."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def test_trackers_write_event_files(tmp_path: Path):
    task, settings = language(epochs=2)
    fit(task, settings, tensorboard=tmp_path)
    files = [path for path in tmp_path.rglob("events.out.tfevents.*") if path.stat().st_size > 0]
    assert files
    assert b"valid_perplexity" in b"".join(path.read_bytes() for path in files)
