"""One colour a network in every picture and page, told apart by the colour-blind.

The colours are those of Okabe & Ito (2008).
"""

NETWORKS = {
    "feedforward": "#999999",
    "srn": "#E69F00",
    "gru": "#0072B2",
    "lstm": "#D55E00",
    "the grammar": "#000000",
}
OTHERS = ("#009E73", "#CC79A7", "#56B4E9", "#000000")


def colour(name: str, place: int) -> str:
    """Give a network its colour, and anything else one by its place among its kind."""
    return NETWORKS.get(name.lower(), OTHERS[place % len(OTHERS)])
