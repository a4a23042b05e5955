"""What a model predicts from a text: the next word, or the class of the text."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.nn.models import Classifier
from glassgate.train import Loaded


@dataclass(frozen=True)
class Prediction:
    """The distribution that a model predicts from a text.

    `read` are the tokens that the model read: `<unk>` for each that it does not know, and `<bos>`
    first in a language model. `unknown` are the unknown words as the text spells them. `ranked`
    holds every next token, or every class, with its probability, the most probable first.
    """

    read: tuple[str, ...]
    unknown: tuple[str, ...]
    ranked: tuple[tuple[str, float], ...]


@torch.no_grad()
def predict(loaded: Loaded, text: str) -> Prediction:
    """Return the distribution over the next token after `text`, or over the text's class.

    Given an empty text, a language model predicts the first token; a classifier raises `BadInput`.
    """
    model, vocabulary = loaded.model, loaded.vocabulary
    ids = read_ids(loaded, text)
    tokens = torch.tensor(ids)[:, None]  # (T, 1)
    if isinstance(model, Classifier):
        logits: Tensor = model(tokens, torch.tensor([len(ids)]))[0]  # (C,)
        names = list(loaded.classes)
    else:
        logits = model(tokens)[0][-1, 0]  # (V,)
        names = vocabulary.tokens(range(len(vocabulary)))
    probabilities = zip(names, logits.double().softmax(-1).tolist(), strict=True)
    ranked = sorted(probabilities, key=lambda pair: -pair[1])
    return Prediction(tuple(vocabulary.tokens(ids)), tuple(vocabulary.unknown(text)), tuple(ranked))


def read_ids(loaded: Loaded, text: str) -> list[int]:
    """Return the ids that the model reads for a text, `<bos>` first in a language model.

    Raises `BadInput` when a classifier is given a text without a word.
    """
    ids = loaded.vocabulary.encode(text)
    if loaded.kind == "language":
        return [loaded.vocabulary.bos, *ids]
    if not ids:
        raise BadInput("the text is empty: a classifier needs one word or more")
    return ids
