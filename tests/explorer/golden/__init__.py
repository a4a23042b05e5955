"""What Python computes, for the tests of the explorer's JavaScript to compare with.

    python -m tests.explorer.golden FOLDER

writes it anew each time; nothing of it is kept in the repository. `cells` has the units one by one,
from the reference; `networks` layers of them, held and free, from torch; `models` whole models, as
`glassgate predict` has them; `texts` words and characters; `grammars` next words and their
probabilities. Numbers are float64, and JSON holds each of their digits.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.explorer.golden.cells import reference_cases
from tests.explorer.golden.grammars import grammar_cases
from tests.explorer.golden.models import model_cases
from tests.explorer.golden.networks import network_cases
from tests.explorer.golden.texts import letters, text_cases


def write_golden(folder: Path) -> None:
    """Write every file that the tests read to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files: Mapping[str, Iterable[Any]] = {
        "cells": reference_cases(),
        "networks": network_cases(),
        "models": model_cases(),
        "texts": text_cases(),
        "letters": letters(),
        "grammars": grammar_cases(),
    }
    for name, cases in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(list(cases)), encoding="utf-8")
