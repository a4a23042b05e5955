"""What the tests of the verdict experiment share: a plan that takes no time, and its sentences."""

from dataclasses import replace

import torch

from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.conditions import Condition
from glassgate.experiments.verdict.reviews import Design, split_sentences
from glassgate.experiments.verdict.sentences import all_sentences
from glassgate.experiments.verdict.texts import Texts, make_texts
from glassgate.nn.models import Classifier

TINY = experiment.Plan(
    sentences=2,
    train_reviews=24,
    valid_reviews=24,
    test_reviews=24,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)
EVERY = all_sentences()
TRAIN = split_sentences(EVERY, 0).train
MIXED = Design("mixed", "negated", distractors=False)
FIRST = Design("first", "word", distractors=True)
LAST = Design("last", "word", distractors=True)
DESIGNS = (MIXED, FIRST, LAST, Design("last", "negated", True), Design("first", "phrase", False))


def random_network(design: Design, seed: int) -> tuple[Classifier, Texts]:
    """Return a GRU with large random weights, and reviews of a design."""
    texts = make_texts(TINY, EVERY, design, seed)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Condition(design).make(len(texts.vocabulary), (5, 6), 20, 0.0)
        for weight in model.parameters():
            weight.normal_()  # so that reviews, and interventions, are told apart
        model.readout.bias.zero_()
    return model.eval(), texts


class Steps:
    """A GRU of one layer, step by step as its equations say."""

    def __init__(self, model: Classifier) -> None:
        self.model = model
        named = {name: value.detach() for name, value in model.network.named_parameters()}
        self.wi, self.wh, self.bi, self.bh = (
            named[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )

    def step(self, token, state, reset=None, kept=None):
        """Return reset gate, kept share and next state, each [H], with gates held or not."""
        H = len(state)
        of_input = self.wi @ self.model.embedding.weight.detach()[token] + self.bi
        of_hidden = self.wh @ state + self.bh
        own_reset, own_kept = torch.sigmoid(of_input[: 2 * H] + of_hidden[: 2 * H]).split(H)
        reset = own_reset if reset is None else torch.as_tensor(reset).expand(H)
        kept = own_kept if kept is None else torch.as_tensor(kept).expand(H)
        candidate = torch.tanh(of_input[2 * H :] + reset * of_hidden[2 * H :])
        return reset, kept, kept * state + (1 - kept) * candidate
