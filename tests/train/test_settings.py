"""Settings are checked, and survive a file."""

import json
import math
from dataclasses import replace

import pytest

from glassgate.errors import BadInput
from glassgate.train.settings import Settings

SMALL = Settings(hidden_size=16, embedding_size=8, dropout=0.0, batch_size=8, epochs=30, patience=9)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("network", "transformer", "network must be one of feedforward, srn, gru, lstm"),
        ("optimizer", "adam", "optimizer must be one of adamw, sgd"),
        ("mixed_precision", "fp8", "mixed_precision must be one of no, bf16"),
        ("hidden_size", 0, "hidden_size must be a whole number from 1"),
        ("layers", 1.5, "layers must be a whole number"),
        ("epochs", True, "epochs must be a whole number"),
        ("dropout", 1.0, "dropout must be a number from 0 to below 1"),
        ("learning_rate", math.nan, "learning_rate must be a number above 0, got nan"),
        ("clip", "big", "clip must be a number above 0, got 'big'"),
        ("seed", -1, "seed must be a whole number from 0"),
    ],
)
def test_settings_are_checked(name: str, value: object, message: str):
    with pytest.raises(BadInput, match=message):
        replace(SMALL, **{name: value})  # type: ignore[arg-type]


def test_settings_survive_json():
    assert Settings.from_json(json.loads(json.dumps(SMALL.to_json()))) == SMALL
    with pytest.raises(BadInput, match="settings must name"):
        Settings.from_json({"hidden_size": 3})
