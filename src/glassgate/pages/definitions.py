"""What the terms on a page mean, each with its source."""

from dataclasses import dataclass

from glassgate.inside.saturation import HIGH, LOW


@dataclass(frozen=True)
class Definition:
    """A term, and a sentence or two on what it means and where it comes from."""

    term: str
    meaning: str


LOSS = Definition(
    "Loss",
    "the mean of -ln p over all predictions, where p is the probability that the model gave to the "
    "correct outcome, in nats. The model never learns from held-out data. The training loss is "
    "averaged during the epoch and includes dropout, if there is any, so it may be the higher one.",
)
PERPLEXITY = Definition(
    "Perplexity",
    "e to the power of the loss: the number of equally likely next words that would be as hard to "
    "predict.",
)
ACCURACY = Definition("Accuracy", "the share of held-out texts that are classified correctly.")
SPAN = Definition(
    "Memory span",
    "-1 / ln(k), where k is the unit's mean kept share, the share of its previous state that it "
    "passes on at each step: the number of steps after which 1/e (37%) of a state would be left "
    "(the time constant of a leaky unit; Tallec & Ollivier 2018, arXiv:1804.11188).",
)
SATURATION = Definition(
    "Saturation",
    f"the share of time that a gate is nearly shut, below {LOW}, or nearly open, above {HIGH} "
    "(Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078, section 4.2).",
)
REGULATION = Definition(
    "Up- and down-regulation",
    "what happens to a unit's previous state at a step, as shares that add up to 1. The kept share "
    "k is passed on unchanged; (1 - k) r, where r is the reset gate, is blended with the input in "
    "the candidate; (1 - k) (1 - r) is dropped. These are the shares that the gates let through "
    "(Cho et al. 2014, arXiv:1406.1078, equations 5 to 8), before the weights act on them.",
)
VALUES = {
    "kept": Definition(
        "Kept share",
        "the share of a unit's previous state that it passes on: 1 is all of it, 0 none. In a GRU "
        "it is the update gate or one minus the update gate, depending on the model's formulation; "
        "in an LSTM it is the forget gate, which acts on the cell.",
    ),
    "reset": Definition(
        "Reset gate",
        "how much of the past enters the candidate, the new content proposed for the state: at 0 "
        "the candidate depends on the current input alone (Cho et al. 2014, arXiv:1406.1078).",
    ),
    "input": Definition(
        "Input gate",
        "the share of the new content that is written to a unit's cell (Hochreiter & Schmidhuber "
        "1997).",
    ),
    "output": Definition(
        "Output gate",
        "the share of a unit's cell that is passed to the rest of the network (Hochreiter & "
        "Schmidhuber 1997).",
    ),
    "hidden": Definition(
        "State",
        "the value that a unit passes on to the next step and to the layer above, from -1 to 1 "
        "(Elman 1990).",
    ),
}
CONNECTIVITY = Definition(
    "Connectivity",
    "the norm of the gradient of the logit of a word or class with respect to the embedding of an "
    "earlier word (Madsen 2019, Visualizing memorization in RNNs, Distill, "
    "doi:10.23915/distill.00016).",
)
TREE = Definition(
    "Hierarchical clustering",
    "each word stands for the mean of the states right after it was read. The two closest words "
    "are joined first, then again and again the two clusters whose union adds least to the "
    "variance within clusters (Ward 1963). Elman 1990, Finding structure in time, figures 7 and 8, "
    "introduced such trees.",
)
UNIT = Definition(
    "State of a unit",
    "the value, from -1 to 1, that the unit holds after each step; in an LSTM it is the tanh of "
    "the cell. Its memory span is that of the figures above.",
)
SHARE = Definition(
    "Share of variance",
    "the part of the variance of the unit's state that lies between the mean states at each word, "
    "or at each place, adjusted for the number of words or places (adjusted R²): at 1 nothing else "
    "matters to the unit. The state is from -1 to 1; in an LSTM it is the tanh of the cell.",
)
COMPONENTS = Definition(
    "Principal components",
    "the directions in which the states differ most: the first has the largest share of their "
    "variance, the second the largest share of what is left (Elman 1991, Distributed "
    "representations, simple recurrent networks, and grammatical structure).",
)
GRADIENT = Definition(
    "Gradient by lag",
    "the norm of dL/dh, where L is the loss at one step and h the state k steps earlier, averaged "
    "over the sequences: how strongly a change of that state would change the loss. The gradient "
    "vanishes if it falls by a constant factor per step (Bengio, Simard & Frasconi 1994). Its "
    "half-life is the lag at which it first falls to half its value at lag 0.",
)
SURPRISAL = Definition(
    "Surprisal",
    "-log2 of the probability that the model gave to a word before reading it, in bits (Hale 2001; "
    "Levy 2008).",
)
PARAMETERS = Definition(
    "Parameters",
    "the numbers that training adjusts. The rows of a GRU's weights belong to the gates in the "
    "order reset, update, candidate; those of an LSTM in the order input, forget, candidate, "
    "output.",
)
