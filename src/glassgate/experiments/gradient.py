"""Did the gradient vanish? How much of it reaches the state k words back."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glassgate.data.dependency import Item
from glassgate.errors import BadInput
from glassgate.experiments.language import Language
from glassgate.nn.models import LanguageModel, State


def distant_items(language: Language, distance: int = 10, lags: int = 12) -> list[Item]:
    """Collect the items whose two ends lie at least `distance` words apart.

    Those with fewer than `lags` words before the choice are left out: they have no state so far
    back.
    """
    cells = language.items.items()
    far = (item for cell, items in cells if cell.distance_min >= distance for item in items)
    return [item for item in far if len(item.words) >= lags]


def gradient_by_lag(
    model: LanguageModel, language: Language, items: Sequence[Item], lags: int = 12
) -> NDArray[np.float64]:
    """Give the mean norm of the loss's gradient with respect to the state k words earlier.

    The loss is -ln p of the right word at the end of a dependency; the state of an LSTM is both
    its hidden and its cell state (Bengio, Simard & Frasconi 1994 gave the question).

    Parameters
    ----------
    model
        A language model with state, trained or not.
    items
        Forced choices, each with at least `lags` words before the choice.
    lags
        The largest k.

    Returns
    -------
    Array
        ||dL_t / dh_{t-k}||, averaged over the items, for k = 0 .. lags: [lags + 1].

    Raises
    ------
    BadInput
        For no items, and for one with fewer words.
    """
    shortest = min((len(item.words) for item in items), default=None)
    if shortest is None or shortest < lags:
        got = "no item" if shortest is None else f"one of {shortest}"
        raise BadInput(f"expected items of at least {lags} words before the choice, got {got}")
    contexts = [language.context(item.words) for item in items]
    lengths = torch.tensor([len(context) for context in contexts])
    tokens = torch.zeros(int(lengths.max()), len(contexts), dtype=torch.long)  # (T, B)
    for column, context in enumerate(contexts):
        tokens[: len(context), column] = torch.tensor(context)
    right = torch.tensor([language.ids[item.right] for item in items])
    norms = _gradient_norms(model, tokens, lengths - 1, right)  # (T, B)
    columns = torch.arange(len(items))
    return np.array([norms[lengths - 1 - lag, columns].mean().item() for lag in range(lags + 1)])


def _gradient_norms(model: LanguageModel, tokens: Tensor, last: Tensor, right: Tensor) -> Tensor:
    """Give the norm of d loss / d state after each step, [T, B], one loss a column."""
    embedded = model.embedding(tokens).detach()  # (T, B, I)
    states: list[tuple[Tensor, ...]] = []
    state: State | None = None
    for step in embedded.split(1):
        _, state = model.network(step, state)
        states.append((state,) if isinstance(state, Tensor) else state)
    hidden = torch.stack([parts[0][-1] for parts in states])  # (T, B, H)
    logits = model.decoder(hidden[last, torch.arange(len(last))])  # (B, V)
    loss = torch.nn.functional.cross_entropy(logits, right, reduction="sum")
    flat = [part for parts in states for part in parts]
    grads = torch.autograd.grad(loss, flat, allow_unused=True, materialize_grads=True)
    squares = torch.stack([grad.square().sum((0, 2)) for grad in grads])  # (T * parts, B)
    return squares.view(len(states), -1, len(last)).sum(1).sqrt()
