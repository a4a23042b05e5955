"""A text whose words are coloured by one number each, such as the state of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LOW_COLOUR, HIGH_COLOUR = "86 180 233", "230 159 0"  # red green blue: blue near -1, orange near 1


@dataclass(frozen=True)
class ColouredWord:
    """A word or character, and its value from -1 to 1; beyond these the colour stays the same.

    >>> ColouredWord("his", -0.5).background
    'rgb(86 180 233 / 50%)'
    """

    text: str
    value: float

    @property
    def strength(self) -> float:
        """How far the value is from 0, at most 1."""
        return min(abs(self.value), 1.0)

    @property
    def background(self) -> str:
        """The colour behind the word, as CSS; the nearer to 0, the more the page shows through."""
        return f"rgb({HIGH_COLOUR if self.value > 0 else LOW_COLOUR} / {self.strength:.0%})"


@dataclass(frozen=True)
class ColouredText:
    """Lines of coloured words, the picture of Karpathy, Johnson & Fei-Fei 2015.

    Attributes
    ----------
    lines
        Each is shown as a paragraph of its own.
    separator
        What stands between two words: a space, or nothing between characters.
    """

    lines: Sequence[Sequence[ColouredWord]]
    separator: str = " "
