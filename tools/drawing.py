"""A sheet to draw networks on: boxes, circles and coloured wires, in pixels from the lower left."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Polygon

INK, SOFT, PAPER, EDGE = "#1f2328", "#57606a", "#ffffff", "#d0d7de"
PIXELS = 96  # per inch
HEAD = 9  # pixels, the length of an arrow's head

Point = tuple[float, float]


class Sheet:
    """A white card with a border, to be read on light and dark backgrounds alike."""

    def __init__(self, width: int, height: int, title: str = "") -> None:
        self.height = height
        self._figure = Figure(figsize=(width / PIXELS, height / PIXELS))
        self._figure.patch.set_alpha(0)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set(xlim=(0, width), ylim=(0, height))
        self._axes.axis("off")
        self.box(width / 2, height / 2, width - 2, height - 2, edge=EDGE, rounding=10, order=0)
        if title:
            self.text(width / 2, height - 19, title, size=14, weight="bold")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        colour: str = INK,
        weight: str = "normal",
        align: str = "center",
    ) -> None:
        """Write text, `size` pixels high, around or beside a point."""
        self._axes.text(
            x,
            y,
            text,
            size=size * 72 / PIXELS,
            color=colour,
            weight=weight,
            ha=align,
            va="center_baseline",
            zorder=9,
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str = "",
        *,
        edge: str = INK,
        size: float = 14,
        rounding: float = 6,
        order: float = 6,
    ) -> None:
        """Draw a rounded rectangle around its centre, and a text in it."""
        corner = (x - width / 2, y - height / 2)
        style = f"round,pad=0,rounding_size={rounding}"
        shape = FancyBboxPatch(corner, width, height, style, fc=PAPER, ec=edge, lw=1.3)
        self._axes.add_patch(shape).set_zorder(order)
        self.text(x, y, text, size=size)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        text: str = "",
        edge: str = INK,
        fill: str = PAPER,
        size: float = 15,
    ) -> None:
        """Draw a circle with a text in it."""
        shape = Circle((x, y), radius, fc=fill, ec=edge, lw=1.3)
        self._axes.add_patch(shape).set_zorder(7)
        self.text(x, y, text, size=size)

    def operator(self, x: float, y: float, sign: str, radius: float = 12) -> None:
        """Draw a circle with a cross in it, for a product (×) or a sum (+)."""
        self.circle(x, y, radius)
        reach = radius * 0.55
        if sign == "×":
            reach *= 0.75**0.5
            strokes = [((-1, -1), (1, 1)), ((-1, 1), (1, -1))]
        else:
            strokes = [((-1, 0), (1, 0)), ((0, -1), (0, 1))]
        for (x0, y0), (x1, y1) in strokes:
            xs = x + reach * x0, x + reach * x1
            ys = y + reach * y0, y + reach * y1
            self._axes.plot(xs, ys, color=INK, lw=1.6, solid_capstyle="round", zorder=8)

    def wire(
        self,
        colour: str,
        *points: Point,
        width: float = 3,
        head: bool = True,
        dashed: bool = False,
        order: float = 3,
    ) -> None:
        """Draw a wire through points; a white margin sets it apart from wires that it crosses."""
        path = list(points)
        if head:
            path[-1] = _towards(points[-1], points[-2], HEAD)
            self._head(colour, points[-2], points[-1])
        xs, ys = zip(*path, strict=True)
        style = {"solid_joinstyle": "round", "solid_capstyle": "butt"}
        if not dashed and width > 2:
            self._axes.plot(xs, ys, color=PAPER, lw=(width + 5) * 0.75, zorder=order, **style)
        self._axes.plot(
            xs,
            ys,
            color=colour,
            lw=width * 0.75,
            ls=(0, (3, 2)) if dashed else "-",
            zorder=order + 0.1,
            **style,
        )

    def fan(self, colour: str, sources: Sequence[Point], targets: Sequence[Point]) -> None:
        """Connect every source with every target."""
        for source in sources:
            for target in targets:
                self.wire(colour, source, target, width=1.1, head=False, order=2)

    def dot(self, colour: str, x: float, y: float) -> None:
        """Mark where a wire branches."""
        self._axes.add_patch(Circle((x, y), 4, fc=colour, ec="none")).set_zorder(5)

    def _head(self, colour: str, before: Point, tip: Point) -> None:
        base = _towards(tip, before, HEAD + 1)
        dx, dy = (tip[0] - base[0]) / (HEAD + 1), (tip[1] - base[1]) / (HEAD + 1)
        side = 5
        corners = [
            tip,
            (base[0] - side * dy, base[1] + side * dx),
            (base[0] + side * dy, base[1] - side * dx),
        ]
        self._axes.add_patch(Polygon(corners, fc=colour, ec="none")).set_zorder(5)

    def save(self, path: Path) -> None:
        """Write an SVG file whose letters are outlines, the same bytes every time."""
        file = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": path.name, "mathtext.fontset": "dejavuserif"}):
            self._figure.savefig(
                file, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
            )
        lines = (line.rstrip() for line in file.getvalue().splitlines())
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _towards(start: Point, goal: Point, distance: float) -> Point:
    """Return the point at a distance from `start` on the way to `goal`."""
    dx, dy = goal[0] - start[0], goal[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    return start[0] + dx * distance / length, start[1] + dy * distance / length
