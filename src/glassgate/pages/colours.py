"""The palette: one colour for each network, chosen so that colour-blind readers see them apart.

Networks have the colours of Okabe & Ito (2008). Everything else draws on theirs and Tol's (2021),
ordered so that the first few are the easiest to tell apart with any kind of colour vision.
"""

NETWORKS = {
    "feedforward": "#999999",
    "srn": "#E69F00",
    "gru": "#0072B2",
    "lstm": "#D55E00",
    "the grammar": "#000000",
}
OTHERS = ("#009E73", "#332288", "#661100", "#999933", "#000000", "#CC79A7", "#56B4E9")


def colour(name: str, index: int) -> str:
    """Return a network's own colour, or the colour of a line's index where it is no network.

    A variant such as "GRU, spans set" has the colour of the network before the comma.
    """
    return NETWORKS.get(name.lower().partition(",")[0], OTHERS[index % len(OTHERS)])


WIRES = {
    "hidden": "#1f6feb",  # blue: h_{t-1} and h_t
    "input": "#8250df",  # purple: x_t
    "reset": "#f0820f",  # orange: r_t
    "past": "#f48fb1",  # pink: r_t times what the candidate reads of h_{t-1}
    "update": "#1a7f37",  # green: z_t
    "candidate": "#3ddc53",  # bright green: n_t
    "written": "#8b0000",  # dark red: the share of n_t that is written
}
"""The wires of a GRU, in the colours that texts for beginners draw them in."""
