"""The networks of the papers of 1989 and 1990, and a GRU beside them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glassgate.nn import GRU, SRN, LanguageModel

NETWORKS = {"srn-copied": "SRN, copied context", "srn": "SRN, through time", "gru": "GRU"}
"""The names of networks in tables and charts, by their names in results.json."""
HOW_NETWORKS = (
    "The SRN is trained twice: with a copied context, as in the paper, where the state of the step "
    "before is an input like any other and no error passes through it; and through time, with the "
    "gradient of all earlier steps, as networks are trained today. The GRU is trained through time."
)


class CopiedContextSRN(SRN):
    """An SRN that is trained as Elman trained it: no error passes through the copied context.

    Its values are those of `glassgate.nn.SRN`; the gradient of a step stops at the state before it.
    It has one layer and one direction, and takes batches [T, B, I].

    Notes
    -----
    Elman 1990, Finding structure in time, Cognitive Science 14.

    Examples
    --------
    >>> network = CopiedContextSRN(3, 5)
    >>> output, state = network(torch.zeros(4, 2, 3))
    >>> output.shape, state.shape
    (torch.Size([4, 2, 5]), torch.Size([1, 2, 5]))
    """

    def forward(  # type: ignore[override] # torch's takes packed sequences, too
        self, input: Tensor, hx: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Run a batch of sequences from the state `hx` [1, B, H], zeros if not given."""
        first = input.new_zeros(1, input.shape[1], self.hidden_size) if hx is None else hx
        with torch.no_grad():
            states, last = super().forward(input, first)  # (T, B, H), (1, B, H)
        context = torch.cat([first, states[:-1]]).detach()
        W, U, b, c = (weight for weight in self.parameters())
        return torch.tanh(F.linear(input, W, b) + F.linear(context, U, c)), last


def make_network(name: str, input_size: int, hidden_size: int) -> nn.Module:
    """Return a network of `NETWORKS` before training, a function of torch's random state."""
    kinds: dict[str, type[nn.Module]] = {
        "srn-copied": CopiedContextSRN,
        "srn": SRN,
        "gru": GRU,
    }
    return kinds[name](input_size, hidden_size)


def make_model(name: str, vectors: Tensor, hidden_size: int) -> LanguageModel:
    """Return a model that reads symbol i as vector i of [V, I], not trained, and predicts the next.

    `name` is a network of `NETWORKS`.
    """
    symbols, size = vectors.shape
    model = LanguageModel(symbols, "srn", size, hidden_size)
    model.network = make_network(name, size, hidden_size)
    with torch.no_grad():
        model.embedding.weight.copy_(vectors)
    model.embedding.weight.requires_grad_(False)
    return model
