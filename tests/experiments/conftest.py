"""Experiments that take no time: few forced choices, and one process unless a test asks more."""

from collections.abc import Iterator
from functools import partial

import pytest

from glassgate.analysis.language import Language, sample_language
from glassgate.experiments.verdict import conditions
from glassgate.grammar.dependency import dependency_items
from glassgate.grammar.grammar import Grammar


@pytest.fixture(scope="module")
def few_items() -> Iterator[None]:
    """Search only a few sentences for forced choices."""
    few = partial(dependency_items, twins=4, sentences=1500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glassgate.analysis.language.dependency_items", few)
        yield


@pytest.fixture(scope="module")
def language(few_items: None) -> Language:
    return sample_language(Grammar.load(), seed=3, train=60, held_out=20)


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.backends.allowed_cores", lambda: 1)


@pytest.fixture
def few_conditions(monkeypatch: pytest.MonkeyPatch):
    """Train only a few networks of the verdict experiment."""
    few = (conditions.LAST, conditions.FIRST_NEGATED, conditions.MIXED, conditions.SRN_LAST)
    monkeypatch.setattr("glassgate.experiments.verdict.experiment.MADE_UP", few)
