"""Who is trained on what: the networks of the experiment, each on reviews of one design.

One network cannot show two policies at once, so those for a verdict at the start and those for a
verdict at the end are trained apart. Not every combination is trained: each that is differs in one
thing from another, and answers a question with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from glassgate.experiments.verdict.reviews import Design
from glassgate.formulation import Formulation
from glassgate.nn import GRU
from glassgate.nn.models import Classifier

Weights = Literal["torch", "chrono"]
Reset = Literal["after", "before"]


@dataclass(frozen=True)
class Condition:
    """A network and the reviews that it learns from.

    Attributes
    ----------
    design
        Of the reviews.
    network
        "gru" or "srn".
    weights
        Initial weights: torch's, uniform on +-1 / sqrt(H), or those that Tallec & Ollivier (2018)
        give to the update gate, `glassgate.nn.GRU(chrono=...)`.
    reset
        Where the GRU's reset gate stands, after or before the product with the state.
    """

    design: Design
    network: Literal["gru", "srn"] = "gru"
    weights: Weights = "torch"
    reset: Reset = "after"

    @property
    def id(self) -> str:
        """The name in results.json and of a claim: "last-word-distractors-gru-torch-after"."""
        distractors = "distractors" if self.design.distractors else "alone"
        parts = [self.design.layout, self.design.kind, distractors, self.network]
        parts += [self.weights, self.reset] if self.network == "gru" else []
        return "-".join(parts)

    @property
    def reviews(self) -> str:
        """The design in words."""
        where = {
            "first": "verdict first",
            "last": "verdict last",
            "mixed": "verdict first, in the middle or last",
        }[self.design.layout]
        what = {"word": "one word", "phrase": "a phrase", "negated": "a phrase, half negated"}
        others = "other verdicts" if self.design.distractors else "no other verdict"
        return f"{where}, {what[self.design.kind]}, {others}"

    @property
    def unit(self) -> str:
        """The network in words."""
        if self.network == "srn":
            return "SRN"
        return f"GRU, {self.weights} weights, reset {self.reset}"

    def make(
        self, vocabulary_size: int, sizes: tuple[int, int], longest: float, dropout: float
    ) -> Classifier:
        """Return the untrained network; `sizes` are those of embedding and state.

        `longest` is the longest time constant of chrono's initial weights, in words.
        """
        embedding_size, hidden_size = sizes
        model = Classifier(
            vocabulary_size, 2, self.network, embedding_size, hidden_size, dropout=dropout
        )
        if self.network == "gru":
            model.network = self._gru(embedding_size, hidden_size, longest)
        return model

    def _gru(self, input_size: int, hidden_size: int, longest: float) -> nn.Module:
        chrono = longest if self.weights == "chrono" else None
        formulation = Formulation(reset=self.reset)
        return GRU(input_size, hidden_size, formulation=formulation, chrono=chrono)


LAST = Condition(Design("last", "word", distractors=True))
LAST_CHRONO = Condition(Design("last", "word", distractors=True), weights="chrono")
LAST_NEGATED = Condition(Design("last", "negated", distractors=True))
FIRST_TORCH = Condition(Design("first", "word", distractors=True))
FIRST = Condition(Design("first", "word", distractors=True), weights="chrono")
FIRST_NEGATED = Condition(Design("first", "negated", distractors=True), weights="chrono")
MIXED = Condition(Design("mixed", "negated", distractors=False))
SRN_LAST = Condition(Design("last", "word", distractors=True), network="srn")
SRN_FIRST = Condition(Design("first", "word", distractors=True), network="srn")
SRN_MIXED = Condition(Design("mixed", "negated", distractors=False), network="srn")

MADE_UP = (
    LAST,
    Condition(Design("last", "word", distractors=False)),
    Condition(Design("last", "word", distractors=True), reset="before"),
    Condition(Design("last", "phrase", distractors=True)),
    LAST_NEGATED,
    LAST_CHRONO,
    FIRST,
    Condition(Design("first", "word", distractors=False), weights="chrono"),
    Condition(Design("first", "word", distractors=True), weights="chrono", reset="before"),
    Condition(Design("first", "phrase", distractors=True), weights="chrono"),
    FIRST_NEGATED,
    FIRST_TORCH,
    MIXED,
    Condition(Design("mixed", "negated", distractors=False), weights="chrono"),
    SRN_LAST,
    SRN_FIRST,
    SRN_MIXED,
)
"""The conditions of made-up sentences."""

REAL = (
    Condition(Design("last", "phrase", distractors=True)),
    Condition(Design("last", "phrase", distractors=False)),
    Condition(Design("first", "phrase", distractors=True), weights="chrono"),
    Condition(Design("first", "phrase", distractors=False), weights="chrono"),
    Condition(Design("mixed", "phrase", distractors=False)),
    Condition(Design("mixed", "phrase", distractors=False), network="srn"),
)
"""The conditions of real sentences, of which it is not known whether they are negated."""
