"""The palette: one colour for each network, chosen so that colour-blind readers see them apart.

Networks have the colours of Okabe & Ito (2008). Everything else draws on theirs and Tol's (2021),
ordered so that the first few are the easiest to tell apart with any kind of colour vision.
"""

NETWORKS = {
    "feedforward": "#999999",
    "srn": "#E69F00",
    "gru": "#0072B2",
    "lstm": "#D55E00",
    "cnn": "#332288",
    "the grammar": "#000000",
}
OTHERS = ("#009E73", "#332288", "#661100", "#999933", "#000000", "#CC79A7", "#56B4E9")


def colour(name: str, index: int) -> str:
    """Return a network's own colour, or the colour of a line's index where it is no network.

    A variant such as "GRU, spans set" has the colour of the network before the comma.
    """
    return NETWORKS.get(name.lower().partition(",")[0], OTHERS[index % len(OTHERS)])
