"""One colour a network in every picture and page, told apart by the colour-blind.

The colours of networks are those of Okabe & Ito (2008). What is no network has theirs and Tol's
(2021), in an order in which the first are the farthest apart to all eyes.
"""

NETWORKS = {
    "feedforward": "#999999",
    "srn": "#E69F00",
    "gru": "#0072B2",
    "lstm": "#D55E00",
    "the grammar": "#000000",
}
OTHERS = ("#009E73", "#332288", "#661100", "#999933", "#000000", "#CC79A7", "#56B4E9")


def colour(name: str, place: int) -> str:
    """Give a network its colour, and anything else one by its place among its kind.

    A form of a network, named after a comma, has the network's own.
    """
    return NETWORKS.get(name.lower().partition(",")[0], OTHERS[place % len(OTHERS)])
