"""Which earlier words an output hangs on."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.nn.models import LanguageModel


def connectivity(model: LanguageModel, tokens: Sequence[int], targets: Sequence[int]) -> Array:
    """Give how strongly the logit of each next word hangs on each word read so far.

    It is the norm of a gradient, ||d logit_t / d x_s||: of the logit that the model gives to
    the target after word t, with respect to the embedding x_s of word s. Logits are taken before
    the softmax.

    Parameters
    ----------
    model
        Of any network, in evaluation mode.
    tokens
        The T ids read, `<bos>` among them if the model knows it so.
    targets
        After each of them the id whose logit is looked at: the word that came, or any other.

    Returns
    -------
    Array
        [T, T]: a row for each output, a column for each word. What has not been read yet counts 0.

    Raises
    ------
    BadInput
        When there are no tokens, not as many targets, or an id that the model has not.

    Notes
    -----
    Madsen 2019, Visualizing memorization in RNNs, Distill (doi:10.23915/distill.00016). All
    outputs are measured at once, in a batch of T copies of the sentence: for T words the memory
    of T sentences.

    Examples
    --------
    >>> model = LanguageModel(10, "feedforward", embedding_size=4, hidden_size=8)
    >>> (connectivity(model, [1, 2, 3], [2, 3, 4]) > 0).astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    size = model.embedding.num_embeddings
    if not tokens or len(targets) != len(tokens):
        raise BadInput(f"expected as many targets as tokens, got {len(targets)} for {len(tokens)}")
    for token in (*tokens, *targets):
        if not 0 <= token < size:
            raise BadInput(f"a token must lie in 0..{size - 1}, got {token}")
    device = model.embedding.weight.device
    ids = torch.tensor(tokens, device=device)
    places = torch.arange(len(ids), device=device)
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # it refuses eval mode
        copies = model.embedding(ids)[:, None].expand(-1, len(ids), -1)  # (T, T, I)
        embedded = copies.detach().requires_grad_()
        output, _ = model.network(embedded)  # (T, T, H)
        logits = model.decoder(output[places, places])  # (T, V): of copy t, what comes after t
        chosen = logits[places, torch.tensor(targets, device=device)]  # (T,)
        (gradient,) = torch.autograd.grad(chosen.sum(), embedded)  # (T, T, I)
    connected: Array = gradient.norm(dim=-1).t().numpy(force=True)
    return connected
