"""What each unit of a GRU does on average: its reset gate, its kept share, its state."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from glassgate.experiments.language import Language
from glassgate.formulation import Array
from glassgate.inside.tracer import trace
from glassgate.nn.gru import GRU
from glassgate.nn.models import LanguageModel


class UnitMeans(NamedTuple):
    """Means over every word of some sentences, `<bos>` included, [H] each."""

    reset: Array
    kept: Array
    hidden: Array


@torch.no_grad()
def unit_means(
    model: LanguageModel, language: Language, sentences: Sequence[Sequence[str]]
) -> UnitMeans:
    """Trace a language model of one GRU layer over sentences of its language."""
    assert isinstance(model.network, GRU)
    contexts = [torch.tensor(language.context(words)) for words in sentences]
    lengths = np.array([len(context) for context in contexts])
    tokens = pad_sequence(contexts)  # (T, B)
    gates = trace(model.network, model.embedding(tokens), lengths=lengths)[0]
    valid = np.arange(len(tokens))[:, None] < lengths  # (T, B)
    every = (gates.reset, gates.kept, gates.hidden)
    return UnitMeans(*(array[valid].mean(0, dtype=np.float64) for array in every))
