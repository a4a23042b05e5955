"""Options that take every word up to the next option, as in ``--models a b c``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from typer.core import TyperCommand


class VariadicCommand(TyperCommand):
    """A command in which an option whose metavar ends in "..." takes several values at once.

    Typer takes one value for each time an option is named. The words of a command line are
    rewritten to that before it reads them. An option ends its values; so does ``--``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command line."""
        names = {
            name
            for parameter in self.params
            if str(parameter.metavar).endswith("...")
            for name in parameter.opts
            if name.startswith("--")
        }
        return super().parse_args(ctx, list(_repeat_options(args, names)))


def _repeat_options(words: Sequence[str], names: Collection[str]) -> Iterator[str]:
    """Repeat an option before each of its values.

    >>> list(_repeat_options(["text", "--models", "a", "b", "-o", "c"], ["--models"]))
    ['text', '--models', 'a', '--models', 'b', '-o', 'c']
    """
    open_option = ""  # whose values follow
    for number, word in enumerate(words):
        if word == "--":
            yield from words[number:]
            return
        if word.startswith("-"):
            open_option = word if word in names else ""
            if not open_option or number + 1 == len(words) or words[number + 1].startswith("-"):
                yield word  # without a value where one is missing, which typer refuses
        elif open_option:
            yield from (open_option, word)
        else:
            yield word
