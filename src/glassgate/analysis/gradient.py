"""How much of the gradient reaches the state k words back, to see whether it vanishes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from glassgate.analysis.language import Language
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.grammar.dependency import Item
from glassgate.inside import gradient
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import last_valid, pad_ids


def distant_items(language: Language, distance: int = 10, lags: int = 12) -> list[Item]:
    """Collect the items whose cue and target lie at least `distance` words apart.

    Items with fewer than `lags` words before the choice are left out, as they have no state that
    far back.
    """
    cells = language.items.items()
    far = (item for cell, items in cells if cell.distance_min >= distance for item in items)
    return [item for item in far if len(item.words) >= lags]


def gradient_by_lag(
    model: LanguageModel, language: Language, items: Sequence[Item], lags: int = 12
) -> Array:
    """Give the mean norm of the loss's gradient with respect to the state k words earlier.

    The loss is -ln p of the right word at the end of a dependency; `glassgate.inside.gradient`
    describes the measure.

    Parameters
    ----------
    model
        A language model, trained or not.
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
        When there are no items, or one has fewer words.
    """
    shortest = min((len(item.words) for item in items), default=None)
    if shortest is None or shortest < lags:
        got = "no item" if shortest is None else f"one of {shortest}"
        raise BadInput(f"expected items of at least {lags} words before the choice, got {got}")
    tokens, lengths = pad_ids([language.context(item.words) for item in items])  # (T, B), (B,)
    right = torch.tensor([language.ids[item.right] for item in items])

    def loss(hidden: Tensor) -> Tensor:
        logits = model.decoder(last_valid(hidden, lengths))  # (B, V)
        return torch.nn.functional.cross_entropy(logits, right, reduction="none")

    return gradient.gradient_by_lag(model.network, model.embedding(tokens), loss, lags, lengths)
