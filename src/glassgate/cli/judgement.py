"""What `glassgate pairs` does: judge files with models, and say how often they are right."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from glassgate.analysis.intervals import TWO_MODELS_WARNING, join_names
from glassgate.analysis.items import CONDITION
from glassgate.analysis.pairs import (
    TO_CITE,
    Accuracy,
    Judged,
    Pair,
    accuracies,
    counts,
    judge,
    mean_accuracies,
    read_pairs,
)
from glassgate.analysis.rows import column
from glassgate.analysis.score_table import check_alike, name_columns
from glassgate.analysis.scoring import language_model
from glassgate.cli.clamps import clamps
from glassgate.cli.judgement_tables import (
    COLUMNS,
    MEAN_NUMBERS,
    NUMBERS,
    accuracy_cells,
    accuracy_table,
    describe,
    mean_cells,
    mean_table,
    model_table,
    pair_cells,
    to_cite,
)
from glassgate.cli.options import label
from glassgate.cli.screen import bar, head, row
from glassgate.cli.tables import align
from glassgate.errors import printable
from glassgate.experiments.common import provenance
from glassgate.train import Loaded, load


def judge_all(folders: Sequence[Path], paths: Sequence[Path], held: Sequence[str]) -> Judgement:
    """Read all models and files, and judge every pair with every model."""
    models = dict(zip(label(folders), map(load, folders), strict=True))
    files = dict(zip(label(paths), map(read_pairs, paths), strict=True))
    for loaded in models.values():
        language_model(loaded)
    check_alike(models, averaged=False)
    pairs = [pair for own in files.values() for pair in own]
    judged = {}
    with bar("judging", 2 * len(pairs) * len(models)) as advance:
        for number, (name, loaded) in enumerate(models.items()):
            show = partial(_advance_from, advance, 2 * len(pairs) * number)
            with clamps(loaded.model, held):
                judged[name] = judge(loaded, pairs, show)
    return Judgement(models, files, held, judged)


def _advance_from(advance: Callable[[int], None], start: int, done: int) -> None:
    advance(start + done)


@dataclass(frozen=True)
class Judgement:
    """Pairs of one or several files, as one or several models judged them."""

    models: Mapping[str, Loaded]
    files: Mapping[str, Sequence[Pair]]
    held: Sequence[str]  # clamps
    judged: Mapping[str, Sequence[Judged]]  # by model, the pairs of all files in order

    @property
    def title(self) -> str:
        """The files, the models, what their probabilities are conditioned on, and the clamps."""
        first = next(iter(self.models.values()))
        networks = list(dict.fromkeys(loaded.settings.network for loaded in self.models.values()))
        several = len(self.models) > 1
        count = f"{len(self.models)} networks ({join_names(networks)})" if several else networks[0]
        end = ", with <eos> as its last token" if first.config.get("by_sentence") else ""
        start = "" if networks == ["feedforward"] else " and the zero state"
        kind = f"{'sentences' if end else 'a stream'} of {first.config.get('level', 'words')}"
        return (
            f"{join_names(self.files)}, judged by {join_names(self.models)}, "
            f"{count if several else f'a {count}'} of {kind}: "
            f"each sentence from <bos>{start}{end}"
            + (f"; held: {'; '.join(self.held)}" if self.held else "")
        )

    @property
    def places(self) -> list[str]:
        """The file of each pair."""
        return [name for name, pairs in self.files.items() for _ in pairs]

    def groups(self) -> dict[str, dict[str, list[int]]]:
        """Return the numbers of the pairs in each condition, and in each of several files."""
        by_condition: dict[str, list[int]] = {}
        by_file: dict[str, list[int]] = {}
        pairs = [pair for own in self.files.values() for pair in own]
        for number, (pair, place) in enumerate(zip(pairs, self.places, strict=True)):
            by_file.setdefault(place, []).append(number)
            if (name := column(pair.fields, CONDITION)) is not None:
                by_condition.setdefault(pair.fields[name], []).append(number)
        groups = {"condition": by_condition} if by_condition else {}
        return groups | ({"file": by_file} if len(by_file) > 1 else {})

    def tables(self, numbers: Sequence[int] | None = None) -> dict[str, list[Accuracy]]:
        """Return the accuracies of each model, on all pairs or some."""
        return {
            name: accuracies(judged if numbers is None else [judged[i] for i in numbers])
            for name, judged in self.judged.items()
        }

    # What it says -----------------------------------------------------------------------------

    def report(self) -> str:
        """Return what the command prints."""
        tables = self.tables()
        parts = [self.title, *self._counted()]
        if len(tables) == 1:
            (only,) = tables.values()
            parts.append(accuracy_table(only))
        else:
            parts += [mean_table(mean_accuracies(list(tables.values()))), model_table(tables)]
        parts += [self._group_table(kind, groups) for kind, groups in self.groups().items()]
        if any(counts(judged).unknown_before for judged in self.judged.values()):
            parts.append(
                f'Cite the pairs "{TO_CITE}": where a word before the critical one is unknown, it '
                "may be the cue, and the model can only guess."
            )
        if len(tables) == 2:
            parts.append(TWO_MODELS_WARNING)
        return "\n".join(parts)

    def _counted(self) -> list[str]:
        """Describe the pairs, for each model if their vocabularies make a difference."""
        described = {name: describe(counts(judged)) for name, judged in self.judged.items()}
        if len(set(described.values())) == 1:
            return [next(iter(described.values()))]
        return [f"{name}: {counted}" for name, counted in described.items()]

    def _group_table(self, kind: str, groups: Mapping[str, Sequence[int]]) -> str:
        """Return the accuracies of each group on the pairs to cite, as aligned lines."""
        lines: list[Sequence[str]] = []
        for name, numbers in groups.items():
            tables = list(self.tables(numbers).values())
            if len(tables) == 1:
                heading: Sequence[str] = NUMBERS
                cells = [(one.method, accuracy_cells(one)) for one in to_cite(tables[0])]
            else:
                heading = MEAN_NUMBERS
                cells = [(one.method, mean_cells(one)) for one in to_cite(mean_accuracies(tables))]
            lines += [[printable(name), method, *numbers_] for method, numbers_ in cells]
        return f"By {kind}, pairs {TO_CITE}:\n" + align([[kind, "method", *heading], *lines], 2)

    # What it writes ---------------------------------------------------------------------------

    def rows(self) -> str:
        """Return a table with a row for each pair and model; cells without a value are empty."""
        comments = [
            self.title,
            "right: 1 if the good sentence, or critical word, is more probable, 0.5 for a tie",
            "surprisal: in bits, of the sentence or of the critical word given the words before it",
            f"known_to_critical: 1 for the pairs to cite, {TO_CITE}",
            "same_tokens: 1 if both sentences are the same tokens to the model up to and including "
            "the critical word, a tie by construction",
        ]
        added = ["model"] * (len(self.models) > 1) + ["file"] * (len(self.files) > 1)
        pairs = [pair for own in self.files.values() for pair in own]
        further = dict.fromkeys(name for pair in pairs for name in pair.fields)
        names = name_columns(further, [*COLUMNS, *added])
        lines = [head(comments, [*COLUMNS, *added, *names.values()])]
        for model, judged in self.judged.items():
            for one, place in zip(judged, self.places, strict=True):
                place_cells = [{"model": model, "file": place}[name] for name in added]
                passed = [one.pair.fields.get(name) for name in names]
                lines.append(row([*pair_cells(one), *place_cells, *passed]))
        return "".join(lines)

    def to_json(self) -> str:
        """Return the figures as JSON."""
        counted = {name: asdict(counts(judged)) for name, judged in self.judged.items()}
        document = {
            **provenance(shlex.join(["glassgate", *sys.argv[1:]])),
            "model": ", ".join(self.models),
            "file": ", ".join(self.files),
            "held": list(self.held),
            "counts": next(iter(counted.values())),
            **self._figures(None),
            "to_cite": TO_CITE,
            "models": list(self.models),
            "files": list(self.files),
            "counts_by_model": counted,
            "groups": [
                {"by": kind, "name": name, **self._figures(numbers)}
                for kind, groups in self.groups().items()
                for name, numbers in groups.items()
            ],
        }
        return json.dumps(document, indent=1) + "\n"

    def _figures(self, numbers: Sequence[int] | None) -> dict[str, Any]:
        """Return the accuracies of each model, and their means if there are several."""
        tables = self.tables(numbers)
        figures: dict[str, Any] = {
            "accuracies": [
                {
                    **asdict(one),
                    "accuracy": one.share,
                    "interval": one.interval and list(one.interval),
                    "model": name,
                }
                for name, table in tables.items()
                for one in table
            ]
        }
        if len(tables) > 1:
            figures["means"] = [
                {"accuracy" if name == "share" else name: value for name, value in one.items()}
                for one in map(asdict, mean_accuracies(list(tables.values())))
            ]
        return figures
