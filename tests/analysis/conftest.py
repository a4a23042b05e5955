"""A small language whose dependencies are all known."""

import pytest

from glassgate.analysis.language import Language, sample_language
from glassgate.grammar.grammar import Grammar
from tests.analysis.grammar_cases import GRAMMAR


@pytest.fixture(scope="module")
def language() -> Language:
    return sample_language(Grammar(GRAMMAR, "places.grammar"), seed=0, train=2, held_out=5)
