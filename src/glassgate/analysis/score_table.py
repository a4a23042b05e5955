"""The rows of `glassgate score`: one or several models on the same words, with what files add."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from statistics import mean

from glassgate.analysis.frequencies import Frequencies
from glassgate.analysis.intervals import t_interval
from glassgate.analysis.items import Items
from glassgate.analysis.scoring import Scored, ScoredToken, by_word, score
from glassgate.errors import BadInput
from glassgate.train import Loaded
from glassgate.train.threads import Pace

TOKENS = ("sentence", "position", "token", "surprisal", "unknown")
WORDS = ("sentence", "position", "word", "surprisal", "unknown", "length", "pieces")
BEHIND = ("entropy", "entropy_reduction", "rank")  # behind those, in both tables
MEASURES = ("surprisal", *BEHIND)  # a mean over models where there are several
PLACE = ("sentence", "position")  # of a row

Cells = dict[str, object]  # by column; None is empty


@dataclass(frozen=True)
class Layout:
    """Which columns a table has.

    Attributes
    ----------
    words
        Whether its rows are words, and not tokens.
    models
        How many models stand behind the values of a row.
    frequencies
        Where `log_frequency` comes from; None for no such column.
    previous
        For how many words before each one there are columns as well.
    added
        Further columns: which model or file a row belongs to.
    further
        Columns of the files themselves, and what each is called in the table.
    """

    words: bool = False
    models: int = 1
    frequencies: Frequencies | None = None
    previous: int = 0
    added: Sequence[str] = ()
    further: Mapping[str, str] | None = None

    @cached_property
    def own(self) -> list[str]:
        """The columns that describe a word itself."""
        columns = [*(WORDS if self.words else TOKENS), *BEHIND]
        if self.frequencies is not None:
            columns.append("log_frequency")
        if self.models > 1:
            columns += [f"{name}_{end}" for name in MEASURES for end in ("low", "high")]
        return columns

    @cached_property
    def spelt(self) -> set[str]:
        """The columns that hold tokens or words as the text spells them."""
        name = "word" if self.words else "token"
        return {name, *(f"previous_{k}_{name}" for k in range(1, self.previous + 1))}

    @cached_property
    def columns(self) -> list[str]:
        """All columns, in order."""
        own = self.own
        steps = range(1, self.previous + 1)
        before = [f"previous_{k}_{name}" for k in steps for name in own if name not in PLACE]
        return [*own, *before, *self.added, *(self.further or {}).values()]


def name_columns(columns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Name the columns of a file so that none is called like one of the table: `input_...`.

    >>> name_columns(["item", "surprisal", "input_surprisal"], ["surprisal"])
    {'item': 'item', 'surprisal': 'input_input_surprisal', 'input_surprisal': 'input_surprisal'}
    """
    columns = list(columns)
    used, names = {*taken, *columns}, {}
    for name in columns:
        new = name
        if name in set(taken):
            while new in used:
                new = f"input_{new}"
        used.add(new)
        names[name] = new
    return names


def check_alike(models: Mapping[str, Loaded], *, averaged: bool) -> None:
    """Refuse models whose rows would not be of the same words, or have no common mean."""
    (first, model), *others = models.items()
    for name, other in others:
        if (wanted := _reading(model)) != (got := _reading(other)):
            raise BadInput(
                f"all models must read a text in the same way, {first} reads {wanted}, "
                f"but {name} {got}"
            )
        if averaged and model.vocabulary.to_json() != other.vocabulary.to_json():
            raise BadInput(
                f"{first} and {name} have different vocabularies, so their surprisals have no "
                "common mean: pass --by-model for the values of each"
            )


def _reading(loaded: Loaded) -> str:
    kind = "sentences" if loaded.config.get("by_sentence") else "a stream"
    return f"{kind} of {loaded.config.get('level', 'words')}"


@dataclass(frozen=True)
class Scores:
    """A row of the table: a word, as each model scored it, and where it stands."""

    items: Items
    scored: Sequence[Scored]  # one for each model
    fields: Mapping[str, str]  # the file's own columns
    cells: Cells


def score_rows(
    models: Sequence[Loaded], items: Items, layout: Layout, pace: Pace | None = None
) -> Iterator[Scores]:
    """Score a file with all models at once, row by row; `pace` chooses the threads."""
    each = [_flatten(score(loaded, items.text, pace), words=layout.words) for loaded in models]
    before: deque[Cells] = deque(maxlen=layout.previous)
    sentence = 0
    for group in zip(*each, strict=True):
        scored, word = [one for one, _ in group], group[0][1]
        if scored[0].sentence != sentence:
            sentence = scored[0].sentence
            before.clear()
        own = _own_cells(scored, layout)
        cells = {**own, **_previous_cells(before)}
        fields = items.fields_of(sentence, None if scored[0].is_end else word)
        cells |= {(layout.further or {}).get(name, name): text for name, text in fields.items()}
        before.appendleft(own)
        yield Scores(items, scored, fields, cells)


def _flatten(
    stretches: Iterator[list[ScoredToken]], *, words: bool
) -> Iterator[tuple[Scored, int]]:
    """Yield tokens or words one by one, each with the number of its word in its sentence."""
    if words:
        yield from ((word, word.position) for word in chain.from_iterable(by_word(stretches)))
        return
    sentence = number = 0
    for token in chain.from_iterable(stretches):
        if token.sentence != sentence:
            sentence, number = token.sentence, 0
        number += token.begins
        yield token, max(number, 1)


def _own_cells(scored: Sequence[Scored], layout: Layout) -> Cells:
    first = scored[0]
    spelt = "word" if layout.words else "token"
    cells: Cells = {
        "sentence": first.sentence,
        "position": first.position,
        spelt: first.spelt,
        "unknown": int(not all(one.known for one in scored)),
    }
    if layout.words:
        cells |= {name: getattr(first, name) for name in ("length", "pieces")}
    if layout.frequencies is not None:
        cells["log_frequency"] = layout.frequencies.log_frequency(first)
    for name in MEASURES:
        if len(scored) == 1:
            cells[name] = getattr(first, name)
        else:
            cells |= _mean_cells(name, [getattr(one, name) for one in scored])
    return cells


def _mean_cells(name: str, values: Sequence[float | None]) -> Cells:
    """Return the mean over models with its 95% interval; None if the word has no such value."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return {name: None}
    low, high = t_interval(known)
    return {name: mean(known), f"{name}_low": low, f"{name}_high": high}


def _previous_cells(before: Iterable[Cells]) -> Cells:
    return {
        f"previous_{k}_{name}": value
        for k, cells in enumerate(before, 1)
        for name, value in cells.items()
        if name not in PLACE
    }
