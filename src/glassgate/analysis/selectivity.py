"""Which units carry the feature that a later word must agree with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch

from glassgate.analysis.language import Language
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.grammar.dependency import Dependency, dependencies
from glassgate.grammar.derivation import Derivation, Replay, derive
from glassgate.grammar.grammar import Grammar
from glassgate.inside.probe import Selectivity, selectivity
from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import last_outputs, pad_ids

MAX_SENTENCES = 40_000  # sampled in search of examples


class Example(NamedTuple):
    """The words before a choice, and the value of the feature that decides it."""

    words: list[str]
    value: str


def feature_selectivity(
    model: LanguageModel, language: Language, feature: str, count: int, seed: int
) -> Selectivity:
    """Measure which units carry a feature of the cue, such as number, until a word agrees with it.

    Parameters
    ----------
    model
        With any network; probed is the state of its last layer right before the choice.
    language
        With the ids of the model; `glassgate.analysis.match_vocabulary` converts those of a
        model that `glassgate train` trained.
    feature
        A feature that the grammar declares.
    count
        Maximum number of sentences to probe.
    seed
        Decides sentences, folds and shuffling.

    Raises
    ------
    BadInput
        When the grammar has no such feature, or too few sentences in which it decides a choice.
    """
    examples = feature_examples(language.grammar, feature, count, seed)
    states = last_states(model, [language.context(example.words) for example in examples])
    return selectivity(states, [example.value for example in examples], seed)


def feature_examples(grammar: Grammar, feature: str, count: int, seed: int) -> list[Example]:
    """Sample sentences up to a word that agrees with a cue in a feature, at least one word later.

    All differ, so a probe is never tested on a sentence that it was fitted to. A sentence is taken
    if every other value of the feature requires another word there and changes no word in between:
    then all values are equally likely after the same words, and only a network that remembers the
    cue can tell them apart.

    Raises
    ------
    BadInput
        When the grammar has no such feature.
    """
    features = grammar.rules.file.features
    if feature not in features:
        wanted = " or ".join(features) or "none"
        raise BadInput(f"feature must be one that the grammar has, {wanted}, got {feature!r}")
    rng = random.Random(seed)
    examples: dict[str, Example] = {}  # by their words
    for _ in range(MAX_SENTENCES):
        derivation = grammar.derive(rng)
        decided = (
            Example(derivation.words[: dependency.target.begin], derivation.draws[draw][1])
            for dependency in dependencies(grammar, derivation)
            if (draw := _find_deciding_draw(grammar, derivation, dependency, feature)) is not None
        )
        if example := next(decided, None):
            examples.setdefault(" ".join(example.words), example)
        if len(examples) == count:
            break
    return list(examples.values())


def _find_deciding_draw(
    grammar: Grammar, derivation: Derivation, dependency: Dependency, feature: str
) -> int | None:
    """Find the draw of the feature whose other values each change nothing but cue and target."""
    cue, target = dependency.cue, dependency.target
    between = slice(cue.end, target.begin)
    shared = {draw for draw in cue.identities if draw >= 0} & set(target.identities)
    for draw in sorted(shared):
        name, value = derivation.draws[draw]
        if name != feature or not derivation.words[between]:
            continue
        others = [other for other in grammar.rules.values(feature) if other != value]
        twins = [_twin(grammar, derivation, draw, other) for other in others]
        words = {twin[target.begin] for twin in twins if len(twin) > target.begin}
        same = all(twin[between] == derivation.words[between] for twin in twins)
        if same and len({*words, derivation.words[target.begin]}) == len(others) + 1:
            return draw
    return None


def _twin(grammar: Grammar, derivation: Derivation, draw: int, value: str) -> list[str]:
    """Give the words with another value of a draw; empty if there is no such sentence."""
    try:
        return derive(grammar.rules, Replay(derivation, {draw: value})).words
    except LookupError:
        return []


@torch.no_grad()
def last_states(model: LanguageModel, contexts: Sequence[Sequence[int]]) -> Array:
    """Give the state of the network's last layer after each context of ids, [N, H]."""
    tokens, lengths = pad_ids(contexts)  # (T, N), (N,)
    states: Array = last_outputs(model.network, model.embedding(tokens), lengths).numpy()
    return states
