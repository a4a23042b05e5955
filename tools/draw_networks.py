"""Draw the pictures of networks in the manual, docs/*.svg: python tools/draw_networks.py docs."""

import sys
from pathlib import Path

from drawing import SOFT, Point, Sheet

from glassgate.pages.colours import WIRES

WIDTH, HEIGHT = 232, 334
RADIUS = 11
INPUT_Y, HIDDEN_Y, OUTPUT_Y = 96, 186, 266  # heights of the layers
CENTRE = 116


def main(folder: Path) -> None:
    """Write three drawings of networks and one of the unit."""
    feedforward().save(folder / "network-feedforward.svg")
    recurrent("Simple recurrent (SRN)", gated=False).save(folder / "network-srn.svg")
    recurrent("SRN with GRUs", gated=True).save(folder / "network-gru.svg")
    unit().save(folder / "unit.svg")


# Networks -----------------------------------------------------------------------------------------


def feedforward() -> Sheet:
    """Draw a network that sees the current word alone."""
    sheet = Sheet(WIDTH, HEIGHT, "Feedforward")
    inputs, hidden = _row(CENTRE, INPUT_Y), _row(CENTRE, HIDDEN_Y)
    sheet.fan(WIRES["input"], inputs, hidden)
    _draw_layer(sheet, inputs, WIRES["input"])
    _draw_layer(sheet, hidden, WIRES["hidden"])
    _draw_output(sheet, hidden)
    sheet.text(CENTRE, INPUT_Y - 28, "input $x_t$")
    sheet.text(hidden[-1][0] + 26, HIDDEN_Y, "$h_t$", size=14)
    _draw_notes(sheet, "Sees the current word alone.")
    return sheet


def recurrent(title: str, *, gated: bool) -> Sheet:
    """Draw a network that reads its own previous state, with plain units or with GRUs."""
    sheet = Sheet(WIDTH, HEIGHT, title)
    inputs, context = _row(54, INPUT_Y, 26), _row(158, INPUT_Y, 26)
    hidden = _row(CENTRE, HIDDEN_Y)
    sheet.fan(WIRES["input"], inputs, hidden)
    sheet.fan(WIRES["hidden"], context, hidden)
    if gated:
        _draw_kept(sheet, context, hidden)
    right = 211
    copied = [(hidden[-1][0], HIDDEN_Y), (right, HIDDEN_Y), (right, INPUT_Y)]
    sheet.wire(WIRES["hidden"], *copied, (context[-1][0] + RADIUS, INPUT_Y), dashed=True, width=2)
    _draw_layer(sheet, inputs, WIRES["input"])
    _draw_layer(sheet, context, WIRES["hidden"])
    for x, y in hidden if gated else ():
        _draw_gated(sheet, x, y)
    if not gated:
        _draw_layer(sheet, hidden, WIRES["hidden"])
    _draw_output(sheet, hidden)
    sheet.text(54, INPUT_Y - 28, "input $x_t$")
    sheet.text(162, INPUT_Y - 28, "context $h_{t-1}$")
    sheet.text(192, HIDDEN_Y + 14, "$h_t$", size=14)
    if gated:
        _draw_legend(sheet)
    else:
        _draw_notes(sheet, "Its state is copied (dashed)", "and read at the next word.")
    return sheet


def _row(centre: float, y: float, step: float = 42) -> list[Point]:
    return [(centre + step * place, y) for place in (-1, 0, 1)]


def _draw_layer(sheet: Sheet, units: list[Point], edge: str) -> None:
    for x, y in units:
        sheet.circle(x, y, RADIUS, edge=edge)


def _draw_kept(sheet: Sheet, context: list[Point], hidden: list[Point]) -> None:
    """Draw what each unit keeps of its own state, with the update gate on the way."""
    for before, now in zip(context, hidden, strict=True):
        sheet.wire(WIRES["hidden"], before, now, width=3.2, head=False)
    for (x0, y0), (x1, y1) in zip(context, hidden, strict=True):
        sheet.circle((x0 + x1) / 2, (y0 + y1) / 2, 5.5, edge="#ffffff", fill=WIRES["update"])


def _draw_gated(sheet: Sheet, x: float, y: float) -> None:
    """Draw a unit with its reset gate, its candidate and its update gate."""
    sheet.box(x, y, 34, 26, edge=WIRES["hidden"])
    for place, wire in ((-9.5, "reset"), (0, "candidate"), (9.5, "update")):
        sheet.circle(x + place, y, 3.6, edge=WIRES[wire], fill=WIRES[wire])


def _draw_output(sheet: Sheet, hidden: list[Point]) -> None:
    outputs = _row(CENTRE, OUTPUT_Y)
    sheet.fan(WIRES["hidden"], hidden, outputs)
    _draw_layer(sheet, outputs, SOFT)
    sheet.text(CENTRE, OUTPUT_Y + 24, "next word")


def _draw_notes(sheet: Sheet, *lines: str) -> None:
    for number, line in enumerate(lines):
        sheet.text(CENTRE, 36 - 17 * number, line, size=11.5, colour=SOFT)


def _draw_legend(sheet: Sheet) -> None:
    for x, wire in ((24, "reset"), (82, "candidate"), (163, "update")):
        sheet.circle(x, 37, 3.6, edge=WIRES[wire], fill=WIRES[wire])
        sheet.text(x + 8, 36, wire, size=11.5, colour=SOFT, align="left")
    sheet.text(CENTRE, 19, "thick: the share kept of its own state", size=11.5, colour=SOFT)


# The unit -----------------------------------------------------------------------------------------

TOP, MIDDLE, GATES, STATE, FEED = 372, 276, 182, 104, 54  # heights of the unit's wires
UPDATE_X, RESET_X, PRODUCT_X, CANDIDATE_X, RIGHT = 150, 296, 402, 506, 586
GATE = (104, 50)  # pixels
BELOW, ABOVE = GATES - GATE[1] / 2, GATES + GATE[1] / 2


def unit() -> Sheet:
    """Draw a GRU: two gates, the candidate, and how they make the new state of the old one."""
    sheet = Sheet(RIGHT + 24, 430)
    _draw_feeds(sheet)
    _draw_reset(sheet)
    _draw_update(sheet)
    _draw_state(sheet)
    gates = ((UPDATE_X, "update gate", "σ"), (RESET_X, "reset gate", "σ"))
    for x, name, formula in (*gates, (CANDIDATE_X, "candidate", "tanh")):
        sheet.box(x, GATES, *GATE)
        sheet.text(x, GATES + 10, formula, size=18)
        sheet.text(x, GATES - 12, name, size=14.5, colour=SOFT)
    return sheet


def _draw_feeds(sheet: Sheet) -> None:
    """Draw what the gates and the candidate read: the input and the previous state."""
    blue, purple = WIRES["hidden"], WIRES["input"]
    sheet.wire(blue, (58, TOP), (58, STATE), (PRODUCT_X, STATE), (PRODUCT_X, GATES - 12))
    for x in (UPDATE_X, RESET_X):
        sheet.wire(blue, (x - 20, STATE), (x - 20, BELOW))
        sheet.dot(blue, x - 20, STATE)
    sheet.wire(purple, (24, FEED), (CANDIDATE_X, FEED), (CANDIDATE_X, BELOW), order=4)
    for x in (UPDATE_X, RESET_X):
        sheet.wire(purple, (x + 20, FEED), (x + 20, BELOW), order=4)
        sheet.dot(purple, x + 20, FEED)
    sheet.text(26, FEED - 22, "$x_t$", size=20, align="left")
    sheet.text(54, FEED - 22, "input", size=14.5, colour=SOFT, align="left")


def _draw_reset(sheet: Sheet) -> None:
    """Draw the reset gate, and what it lets the candidate read of the previous state."""
    turn = ABOVE + 24
    bend = [(RESET_X, turn), (PRODUCT_X, turn)]
    sheet.wire(WIRES["reset"], (RESET_X, ABOVE), *bend, (PRODUCT_X, GATES + 12))
    sheet.text(RESET_X + 74, ABOVE + 7, "$r_t$", size=20)
    sheet.wire(WIRES["past"], (PRODUCT_X + 12, GATES), (CANDIDATE_X - GATE[0] / 2, GATES))
    sheet.operator(PRODUCT_X, GATES, "×")
    sheet.box(PRODUCT_X, (STATE + GATES - 12) / 2 - 5, 28, 25, "$U$", edge=WIRES["hidden"], size=16)


def _draw_update(sheet: Sheet) -> None:
    """Draw the update gate, whose two wires carry z and 1 - z in either order."""
    green = WIRES["update"]
    sheet.wire(green, (UPDATE_X, ABOVE), (UPDATE_X, TOP - 12))
    sheet.wire(green, (UPDATE_X, MIDDLE), (CANDIDATE_X - 12, MIDDLE))
    sheet.dot(green, UPDATE_X, MIDDLE)
    sheet.text(UPDATE_X - 12, ABOVE + 32, "$z_t$", size=20, align="right")
    _draw_forms(sheet, UPDATE_X + 14, MIDDLE + 60, "$z_t$", "$1-z_t$")
    _draw_forms(sheet, CANDIDATE_X - 142, MIDDLE + 47, "$1-z_t$", "$z_t$")


def _draw_forms(sheet: Sheet, x: float, y: float, keeps: str, writes: str) -> None:
    """Write what a wire carries where the update gate keeps, and where it writes."""
    for line, (value, form) in enumerate(((keeps, "keeps"), (writes, "writes"))):
        sheet.text(x, y - 25 * line, value, size=19, align="left")
        sheet.text(x + 66, y - 25 * line, form, size=14.5, colour=SOFT, align="left")


def _draw_state(sheet: Sheet) -> None:
    """Draw the state on its way from the last step to the next."""
    blue = WIRES["hidden"]
    sheet.wire(blue, (24, TOP), (UPDATE_X - 12, TOP))
    sheet.wire(blue, (UPDATE_X + 12, TOP), (CANDIDATE_X - 12, TOP))
    sheet.wire(blue, (CANDIDATE_X + 12, TOP), (RIGHT, TOP))
    sheet.dot(blue, 58, TOP)
    sheet.wire(WIRES["candidate"], (CANDIDATE_X, ABOVE), (CANDIDATE_X, MIDDLE - 12))
    sheet.wire(WIRES["written"], (CANDIDATE_X, MIDDLE + 12), (CANDIDATE_X, TOP - 12))
    sheet.operator(UPDATE_X, TOP, "×")
    sheet.operator(CANDIDATE_X, MIDDLE, "×")
    sheet.operator(CANDIDATE_X, TOP, "+")
    sheet.text(26, TOP + 24, "$h_{t-1}$", size=20, align="left")
    sheet.text(RIGHT, TOP + 24, "$h_t$", size=20, align="right")
    sheet.text((UPDATE_X + CANDIDATE_X) / 2, TOP + 20, "kept", size=14.5, colour=SOFT)
    sheet.text(
        CANDIDATE_X + 12, (MIDDLE + TOP) / 2, "written", size=14.5, colour=SOFT, align="left"
    )
    sheet.text(CANDIDATE_X + 12, ABOVE + 32, "$n_t$", size=20, align="left")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
