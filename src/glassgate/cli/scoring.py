"""What `glassgate score` does: read models and files, write a table, sum it up."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import typer

from glassgate.analysis.conditions import ConditionMean, Conditions
from glassgate.analysis.frequencies import Frequencies
from glassgate.analysis.intervals import TWO_MODELS_WARNING
from glassgate.analysis.items import Items, read_items
from glassgate.analysis.score_table import Layout, Scores, check_alike, name_columns, score_rows
from glassgate.analysis.scoring import language_model
from glassgate.cli.clamps import clamps
from glassgate.cli.options import label
from glassgate.cli.predict import visible
from glassgate.cli.score_comments import describe
from glassgate.cli.screen import bar, head, row
from glassgate.cli.tables import align
from glassgate.errors import printable
from glassgate.files import write_whole
from glassgate.train import Loaded, load
from glassgate.train.threads import Pace
from glassgate.train.tokens import Level

ROWS_AT_ONCE = 1024  # between two writes to the screen


def prepare(
    folders: Sequence[Path],
    paths: Sequence[Path],
    *,
    words: bool,
    by_model: bool,
    previous: int,
    frequencies: Sequence[Path],
) -> Job:
    """Read all models and files, and decide on the columns; `BadInput` before any work is done."""
    models = dict(zip(label(folders), map(load, folders), strict=True))
    for loaded in models.values():
        language_model(loaded)
    check_alike(models, averaged=not by_model)
    files = dict(zip(label(paths), map(read_items, paths), strict=True))
    by_character = next(iter(models.values())).config.get("level") == "characters" and not words
    level: Level = "characters" if by_character else "words"
    own = Layout(
        words=words,
        models=1 if by_model else len(models),
        frequencies=Frequencies.count(frequencies, level) if frequencies else None,
        previous=previous,
        added=["model"] * by_model + ["file"] * (len(files) > 1),
    )
    columns = dict.fromkeys(name for items in files.values() for name in items.columns)
    layout = replace(own, further=name_columns(columns, own.columns))
    return Job(models, files, layout, [path.name for path in frequencies])


@dataclass
class Job:
    """Models, and the files that they score, as one table."""

    models: Mapping[str, Loaded]
    files: Mapping[str, Items]
    layout: Layout
    corpora: Sequence[str]  # in which words are counted
    _count: _Count = field(init=False)
    _conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        models = len(self.models) // self.layout.models
        self._count = _Count("word" if self.layout.words else "token", models)
        self._conditions = Conditions(len(self.models))

    @contextmanager
    def clamped(self, texts: Sequence[str]) -> Iterator[None]:
        """Apply clamps to every model."""
        with ExitStack() as stack:
            for loaded in self.models.values():
                stack.enter_context(clamps(loaded.model, texts))
            yield

    def write(self, output: Path | None, held: Sequence[str], pace: Pace | None) -> None:
        """Score, and write the table to a file as a whole, or to the screen as it grows."""
        comments = [
            *describe(self.models, self.files, self.layout, self.corpora),
            *([f"held: {'; '.join(held)}"] if held else []),
        ]
        header = head(comments, self.layout.columns)
        stretches = self._lines(pace, silent=output is None and sys.stdout.isatty())
        if output is not None:
            write_whole(output, (header + "".join(stretches)).encode())
            return
        typer.echo(header, nl=False)
        for stretch in stretches:
            typer.echo(stretch, nl=False)

    def summary(self, output: Path | None) -> str:
        """Say how many rows there are and, if files have conditions, the means by condition."""
        means = self._conditions.means()
        parts = [_mean_table(means, len(self.models))] if means else []
        if len(self.models) == 2 and (means or self.layout.models == 2):
            parts.append(TWO_MODELS_WARNING)
        return "\n".join([*parts, self._count.summary(output)])

    def _lines(self, pace: Pace | None, *, silent: bool) -> Iterator[str]:
        """Yield the table in stretches, and show the progress through the files."""
        rows = self._rows(pace)
        groups = len(self.models) // self.layout.models
        total = groups * sum(map(_count_lines, self.files.values()))
        with nullcontext(None) if silent else bar("scoring", total) as advance:
            while stretch := list(islice(rows, ROWS_AT_ONCE)):
                yield "".join(self._line(scores) for _, scores in stretch)
                if advance is not None:
                    advance(stretch[-1][0])

    def _rows(self, pace: Pace | None) -> Iterator[tuple[int, Scores]]:
        """Yield rows, and how many lines are done: of all models at once, or one by one."""
        names, models = list(self.models), list(self.models.values())
        done = 0
        for first in range(0, len(models), self.layout.models):
            group = models[first : first + self.layout.models]
            for file, items in self.files.items():
                added = {"model": names[first], "file": file}
                rows = score_rows(group, items, self.layout, pace)
                for scores in self._conditions.over(items, rows, first):
                    scores.cells.update({name: added[name] for name in self.layout.added})
                    yield done + scores.scored[0].sentence, scores
                done += _count_lines(items)

    def _line(self, scores: Scores) -> str:
        self._count.add(scores)
        spelt = self.layout.spelt
        return row(
            visible(str(value)) if name in spelt and value is not None else value
            for name, value in ((name, scores.cells.get(name)) for name in self.layout.columns)
        )


def _count_lines(items: Items) -> int:
    return items.text.rstrip().count("\n") + 1


@dataclass
class _Count:
    """Totals over the rows of a table, for the summary."""

    thing: str
    models: int  # that have rows of their own
    number: int = 0
    ends: int = 0  # lines that end, each with an <eos>
    unknown: int = 0
    bits: float = 0.0

    def add(self, scores: Scores) -> None:
        """Add a row."""
        self.number += 1
        self.ends += scores.scored[0].is_end
        self.unknown += not all(scored.known for scored in scores.scored)
        self.bits += sum(scored.surprisal for scored in scores.scored) / len(scores.scored)

    def summary(self, output: Path | None) -> str:
        things, ends = self.number - self.ends, f" and {self.ends:,} ends of lines"
        rows = f"{things:,} {self.thing}s{ends if self.ends else ''}"
        times = f" ({self.models} models)" if self.models > 1 else ""
        summary = f"{rows}{times}, {self.bits / max(self.number, 1):.2f} bits each"
        if self.unknown:
            share = self.unknown / things
            summary += f"; {self.unknown:,} ({share:.1%}) unknown, read as <unk>"
        return summary if output is None else f"{summary}; written to {output}"


def _mean_table(means: Sequence[ConditionMean], models: int) -> str:
    """Return the means by condition, and by region if there are any, as aligned lines."""
    regions = any(one.region is not None for one in means)
    over = "models" if models > 1 else "sentences"
    what = "region" if regions else "sentence"
    lines = [
        ["condition", *["region"] * regions, "sentences", "with unknown", "bits", "95% interval"]
    ]
    for one in means:
        bits = "" if one.mean is None else f"{one.mean:.3f}"
        ends = one.interval
        interval = "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
        names = [one.condition, *[one.region or ""] * regions]
        names = [printable(name) for name in names]
        lines.append([*names, f"{one.sentences:,}", f"{one.unknown:,}", bits, interval])
    return (
        f"{align(lines, 1 + regions)}\n"
        f"bits: mean surprisal of a {what}, the sum over its words; {what}s with unknown words are "
        f"left out. Intervals are over {over}."
    )
