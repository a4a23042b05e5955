"""The palette: one colour for each network, chosen so that colour-blind readers see them apart.

Networks have the colours of Okabe & Ito (2008). Everything else draws on theirs and Tol's (2021),
ordered so that the first few are the easiest to tell apart with any kind of colour vision.
Pictures in files are light; on a dark page each colour gives way to its counterpart in `DARK`.
"""

NETWORKS = {
    "feedforward": "#999999",
    "srn": "#E69F00",
    "gru": "#0072B2",
    "lstm": "#D55E00",
    "cnn": "#332288",
    "the grammar": "#000000",
}
DATA = {"training": "#009E73", "held out": "#332288"}
"""What a curve of learning was measured on."""
MOMENTS = {"before training": "#009E73", "at this moment": "#332288"}
"""What a figure over the course of training shows."""
STATE_SCALE = ["#0072B2", "#ffffff", "#D55E00"]  # from -1 over 0 to 1
OTHERS = ("#009E73", "#332288", "#661100", "#999933", "#000000", "#CC79A7", "#56B4E9")


INK, SOFT, PALE = "#222222", "#666666", "#bbbbbb"  # of text, of what is beside it, of lines

DARK = {
    "#ffffff": "#15181c",  # the page itself
    "#000000": "#ffffff",
    INK: "#e8e8e8",
    SOFT: "#a8a8a8",
    PALE: "#565d66",
    "#0072b2": "#2f8fd6",
    "#009e73": "#74ddbf",
    "#332288": "#8665ff",
    "#661100": "#926439",
    "#999933": "#ffe76d",
    "#cc79a7": "#ec7dc8",
    "#56b4e9": "#6e7b81",
    "#1f6feb": "#4b8ff5",  # wires of a unit
    "#8250df": "#a67bf0",
    "#1a7f37": "#2fa14f",
    "#8b0000": "#e5534b",
    "#2a3f5f": "#d5dae0",  # the rest is plotly's: text, grid and lines of axes
    "#ebf0f8": "#30353c",
}
"""The counterpart on a dark page of each colour that does not serve on both; keys in lower case."""


def colour(name: str, index: int) -> str:
    """Return the colour of a network, a kind of data or a moment, or else that of a line's index.

    A variant such as "GRU, spans set" has the colour of the network before the comma.
    """
    own = NETWORKS | DATA | MOMENTS
    return own.get(name.lower().partition(",")[0], OTHERS[index % len(OTHERS)])


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
