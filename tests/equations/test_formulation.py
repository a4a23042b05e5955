import pytest

from glassgate import BadInput, Formulation


def test_the_default_is_pytorchs_form():
    assert Formulation() == Formulation("keeps", "after", "sigmoid", "tanh")


@pytest.mark.parametrize("field", ["update", "reset", "gate", "squash"])
def test_an_unknown_word_is_refused_by_name(field):
    with pytest.raises(BadInput, match=rf"^{field} must be one of .+, got 'hard_sigmoid'$"):
        Formulation(**{field: "hard_sigmoid"})


def test_a_formulation_cannot_change():
    with pytest.raises(AttributeError):
        Formulation().update = "writes"
