"""Connectivity: the earlier words on which each output depends."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.inside.networks import eval_mode
from glassgate.nn.models import LanguageModel
from glassgate.weights import require_shape


def connectivity(model: LanguageModel, tokens: ArrayLike, targets: ArrayLike) -> Array:
    """Measure how strongly the logit of each next word depends on each word read so far.

    The measure is the norm of a gradient, ||d logit_t / d x_s||, of the logit of the target after
    word t, before the softmax, with respect to the embedding x_s of word s.

    Parameters
    ----------
    model
        A model with any network. It runs without dropout and is not changed.
    tokens
        The T input ids, integers, with `<bos>` if the model was trained with it.
    targets
        For each token, the id whose logit is measured: that of the next word, or any other.

    Returns
    -------
    Array
        [T, T]: a row per output, a column per word; 0 for words not yet read.

    Raises
    ------
    BadInput
        When there are no tokens, not as many targets, or an id is outside the model's vocabulary.
    TypeError
        When `model` is not a language model, or ids are not integers.

    Notes
    -----
    Madsen 2019, Visualizing memorization in RNNs, Distill (doi:10.23915/distill.00016). All
    outputs are measured at once, in a batch of T copies of the sentence, which takes T times the
    memory of one.

    Examples
    --------
    >>> model = LanguageModel(10, "feedforward", embedding_size=4, hidden_size=8)
    >>> (connectivity(model, [1, 2, 3], [2, 3, 4]) > 0).astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    if not isinstance(model, LanguageModel):
        raise TypeError(f"model must be a LanguageModel, got {type(model).__name__}")
    size, device = model.embedding.num_embeddings, model.embedding.weight.device
    read, expected = _check_ids("tokens", tokens, size), _check_ids("targets", targets, size)
    if not read.size or len(expected) != len(read):
        raise BadInput(f"expected as many targets as tokens, got {len(expected)} for {len(read)}")
    ids, target_ids = torch.from_numpy(read).to(device), torch.from_numpy(expected).to(device)
    places = torch.arange(len(ids), device=device)
    # cuDNN cannot backpropagate in eval mode
    with eval_mode(model), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        copies = model.embedding(ids)[:, None].expand(-1, len(ids), -1)  # (T, T, I)
        embedded = copies.detach().requires_grad_()
        output, _ = model.network(embedded)  # (T, T, H)
        logits = model.decoder(output[places, places])  # (T, V), after word t of copy t
        logit = logits[places, target_ids]  # (T,)
        (gradient,) = torch.autograd.grad(logit.sum(), embedded)  # (T, T, I)
    norms: Array = gradient.norm(dim=-1).t().numpy(force=True)
    return norms


def _check_ids(name: str, ids: ArrayLike, size: int) -> NDArray[np.int64]:
    given = np.asarray(ids)
    require_shape(name, given.shape, ("T",))
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise TypeError(f"{name} must be integers, got {given.dtype}")
    for outside in given[(given < 0) | (given >= size)]:
        raise BadInput(f"a token must lie in 0..{size - 1}, got {outside}")
    return given.astype(np.int64)
