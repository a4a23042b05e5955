"""A trained model, read from its folder, and what can be asked of it: `glassgate.load`."""

from __future__ import annotations

from itertools import chain
from os import PathLike

from torch import nn

from glassgate.analysis.prediction import Prediction, predict
from glassgate.analysis.scoring import Scored, by_word, score
from glassgate.analysis.text_gates import TextGates, trace_text
from glassgate.train.model import Loaded
from glassgate.train.model import load as read_folder


class TrainedModel(Loaded):
    """A language model or classifier with its vocabulary, ready to use.

    Functions that take a loaded model accept it. Gates of `network` that `glassgate.clamp` holds
    are held in all of its methods.
    """

    def __repr__(self) -> str:
        """Describe what the model predicts, and its network: sizes and form."""
        level, classes = self.config.get("level", "words"), self.classes
        predicts = f"classes={list(classes)}" if classes else f"level={level!r}"
        name, network = self.settings.network, self.network
        return (
            f"TrainedModel(kind={self.kind!r}, {predicts}, vocabulary={len(self.vocabulary)}, "
            f"{name}={type(network).__name__}({network.extra_repr()}))"
        )

    @property
    def network(self) -> nn.Module:
        """The recurrent (or feedforward) network inside, which `glassgate.clamp` takes."""
        return self.model.network

    def predict(self, text: str) -> Prediction:
        """Return the distribution of the next token after `text`, or of the text's class.

        Raises
        ------
        BadInput
            When a classifier gets no word.
        """
        return predict(self, text)

    def score(self, text: str, words: bool = False) -> list[Scored]:
        """Return the surprisal of every token of a text, in bits.

        Parameters
        ----------
        text
            Of any number of lines.
        words
            Sum over the tokens of each word: what stands between two spaces.

        Raises
        ------
        BadInput
            When the model is a classifier.
        """
        tokens = score(self, text)
        return list(chain.from_iterable(by_word(tokens) if words else tokens))

    def trace(self, text: str) -> TextGates:
        """Read every gate of every layer over `text`, or an SRN's states, in arrays [T, 1, H].

        Raises
        ------
        BadInput
            When the network is feedforward, or the text holds no word.
        """
        return trace_text(self, text)


def load(folder: str | PathLike[str]) -> TrainedModel:
    """Read a model folder that `glassgate train` wrote.

    Raises
    ------
    BadInput
        When a file of the folder is missing, malformed or does not fit the others.

    Examples
    --------
    ::

        model = glassgate.load("model")
        model.predict("the boy fell down and hurt").ranked[:3]
        with glassgate.clamp(model.network, kept=0, reset=0):
            model.predict("the boy fell down and hurt").ranked[:3]
    """
    return TrainedModel(**vars(read_folder(folder)))
