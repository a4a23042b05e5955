"""What the terms of a report mean, and who says so."""

from glassgate.inside.saturation import HIGH, LOW
from glassgate.pages.exhibit import Definition

LOSS = Definition(
    "Loss",
    "the mean of -ln p over everything that was to be predicted, p the probability that the "
    "model gave to what came, in nats. Held-out data is never learned from. Training data is "
    "counted while an epoch goes on, with dropout if there is any, so that its loss may be higher.",
)
PERPLEXITY = Definition(
    "Perplexity",
    "e to the power of the loss: among so many equally likely next words a guess would be as hard.",
)
ACCURACY = Definition("Accuracy", "the share of held-out texts whose class is the one given most.")
SPAN = Definition(
    "Memory span",
    "-1 / ln(k), where k is the unit's mean kept share, the share of its previous state that "
    "passes on at a step: after so many steps 1/e, 37%, of a state would be left (the time "
    "constant of a leaky unit; Tallec & Ollivier 2018, arXiv:1804.11188).",
)
SATURATION = Definition(
    "Saturation",
    f"the share of time that a gate is all but shut, below {LOW}, or all but open, above {HIGH} "
    "(Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078, section 4.2).",
)
REGULATION = Definition(
    "Up- and down-regulation",
    "what becomes of the whole of a unit's previous state, 1, at a step: k, the kept share, is "
    "passed as it is; (1 - k) r, r the reset gate, is blended, coming back within the candidate, "
    "mixed with the input; (1 - k) (1 - r) is dropped. It is what the gates let through (those of "
    "Cho et al. 2014, arXiv:1406.1078, equations 5 to 8), not what the weights make of it.",
)
VALUES = {
    "kept": Definition(
        "Kept share",
        "how much of a unit's previous state passes on to this one: 1 all of it, 0 nothing. In a "
        "GRU it is the update gate, or what that leaves, by the model's formulation; in an LSTM "
        "the forget gate, of the cell.",
    ),
    "reset": Definition(
        "Reset gate",
        "how much of the past the new content sees: at 0 the candidate is made of the current "
        "input alone (Cho et al. 2014, arXiv:1406.1078).",
    ),
    "input": Definition(
        "Input gate",
        "how much of the new content is written to a unit's cell (Hochreiter & Schmidhuber 1997).",
    ),
    "output": Definition(
        "Output gate",
        "how much of a unit's cell is shown to the rest of the network (Hochreiter & Schmidhuber "
        "1997).",
    ),
    "hidden": Definition(
        "State",
        "what a unit passes on to the next step and to the layer above, -1 to 1 (Elman 1990).",
    ),
}
CONNECTIVITY = Definition(
    "Connectivity",
    "the norm of the gradient of a word's, or a class's, logit with respect to the embedding of a "
    "word read before it (Madsen 2019, Visualizing memorization in RNNs, Distill, "
    "doi:10.23915/distill.00016).",
)
GRADIENT = Definition(
    "Gradient by lag",
    "the norm of dL/dh, L the loss at one step and h the state k steps earlier, mean over the "
    "sequences: how much a change of that state would change the loss. It vanishes where it falls "
    "by a constant factor a step (Bengio, Simard & Frasconi 1994). Its half-life is the lag at "
    "which it has first fallen to half of what it is at lag 0.",
)
SURPRISAL = Definition(
    "Surprisal",
    "-log2 of the probability that the model gave to a word before it came, in bits (Hale 2001; "
    "Levy 2008).",
)
PARAMETERS = Definition(
    "Parameters",
    "the numbers that training sets. Rows of a GRU's weights are those of the gates in the order "
    "reset, update, candidate; of an LSTM's input, forget, candidate, output.",
)
