"""Models around a network: next-word prediction and sequence classification."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from glassgate.errors import BadInput
from glassgate.nn import GRU, LSTM, SRN, Feedforward
from glassgate.nn.ragged import last_outputs, run_ragged

State = Tensor | tuple[Tensor, ...]
"""The recurrent state of a network; every tensor has the batch on its second axis."""

NETWORKS: Mapping[str, type[nn.Module]] = {
    "feedforward": Feedforward,
    "srn": SRN,
    "gru": GRU,
    "lstm": LSTM,
}


def make_network(
    name: str, input_size: int, hidden_size: int, layers: int = 1, dropout: float = 0.0
) -> nn.Module:
    """Return the network called `name`: feedforward (of the current input only), srn, gru, lstm.

    `dropout` is applied between layers, if there are several. Another name raises `BadInput`.
    """
    if name not in NETWORKS:
        raise BadInput(f"network must be one of {', '.join(NETWORKS)}, got {name!r}")
    between = dropout if layers > 1 else 0.0
    return NETWORKS[name](input_size, hidden_size, num_layers=layers, dropout=between)


class LanguageModel(nn.Module):
    """Predict the next token: embedding, dropout, network, dropout, linear decoder.

    `network` is a name that `make_network` knows. Sizes count tokens, units and layers.
    """

    def __init__(
        self,
        vocabulary_size: int,
        network: str,
        embedding_size: int,
        hidden_size: int,
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.network = make_network(network, embedding_size, hidden_size, layers, dropout)
        self.dropout = nn.Dropout(dropout)
        self.decoder = nn.Linear(hidden_size, vocabulary_size)

    def forward(
        self, tokens: Tensor, state: State | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State | None]:
        """Return logits [T, B, V] of the token after each of `tokens` [T, B], and the state.

        The state is zero if not given. With `lengths` [B] the columns are whole sequences from zero
        state: the logits are those of the valid steps, [N, V] in the order of `run_ragged`, and the
        returned state is None.
        """
        embedded = self.dropout(self.embedding(tokens))  # (T, B, I)
        if lengths is None:
            output, state = self.network(embedded, state)  # (T, B, H)
        else:
            output, state = run_ragged(self.network, embedded, lengths), None  # (N, H)
        return self.decoder(self.dropout(output)), state


class Classifier(nn.Module):
    """Classify a sequence: embedding, dropout, network, its last valid output, linear.

    `network` is a name that `make_network` knows.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        network: str,
        embedding_size: int,
        hidden_size: int,
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.network = make_network(network, embedding_size, hidden_size, layers, dropout)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(hidden_size, classes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [B, C] for the first `lengths` [B] of `tokens` [T, B].

        The padding cannot change the logits: the network runs forward only.
        """
        embedded = self.dropout(self.embedding(tokens))  # (T, B, I)
        last = last_outputs(self.network, embedded, lengths)  # (B, H)
        logits: Tensor = self.readout(self.dropout(last))
        return logits
