"""The five networks: LSTM, GRU in three forms, SRN."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from glassgate.formulation import Formulation
from glassgate.inside.clamp import clamp
from glassgate.nn import GRU, LanguageModel
from glassgate.reproductions.counting.words import Language

EMBEDDING_SIZE = 3  # as in the published code


class Form(NamedTuple):
    """A network: what it is called in tables and sentences, and the form of a GRU.

    `blocks` of weights are trained, one for each gate and one for the candidate. `formulation` is
    None for an LSTM. With `memoryless` the update gate is held so that nothing is
    kept: without a reset gate either, h_t = tanh(W x_t + b + U h_{t-1} + c), an SRN. It trains in
    a tenth of the time that `torch.nn.RNN` takes for sequences this long.
    """

    name: str
    blocks: int
    formulation: Formulation | None
    memoryless: bool = False


FORMS = {
    "lstm": Form("LSTM", 4, None),
    "gru": Form("GRU (reset after)", 3, Formulation(reset="after")),
    "gru-before": Form("GRU (reset before)", 3, Formulation(reset="before")),
    "gru-none": Form("GRU (no reset)", 2, Formulation(reset="none")),
    "srn": Form("SRN", 1, Formulation(reset="none"), memoryless=True),
}
"""The networks by the name that results.json has."""


def make_model(form: str, language: Language, hidden_size: int) -> LanguageModel:
    """Return a network of `FORMS` before training, a function of torch's random state."""
    symbols = language.letters + 2
    formulation = FORMS[form].formulation
    network = "lstm" if formulation is None else "gru"
    model = LanguageModel(symbols, network, EMBEDDING_SIZE, hidden_size)
    if formulation is not None:
        model.network = GRU(EMBEDDING_SIZE, hidden_size, formulation=formulation)
    return model


def as_form(form: str, model: LanguageModel) -> AbstractContextManager[None]:
    """Hold what makes a model of `make_model` this form, in training and in use."""
    return clamp(model.network, kept=0) if FORMS[form].memoryless else nullcontext()


def count_parameters(form: str, model: LanguageModel) -> int:
    """Return how many numbers of a model of `make_model` are trained."""
    network: int = sum(weight.numel() for weight in model.network.parameters())
    blocks = 4 if FORMS[form].formulation is None else 3
    rest = sum(weight.numel() for weight in model.parameters()) - network
    return rest + network // blocks * FORMS[form].blocks
