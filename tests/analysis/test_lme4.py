"""The example for R: lme4 finds what a bit costs in simulated reading times."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from glassgate.cli.screen import row

SCRIPT = Path(__file__).parents[2] / "examples" / "reading_times.R"
COLUMNS = ("sentence", "position", "word", "surprisal", "unknown", "length", "log_frequency")
BEFORE = ("previous_1_surprisal", "previous_1_unknown")


def has_lme4() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(lme4)"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_lme4(), reason="R or its package lme4 is not installed")
def test_a_mixed_model_finds_what_a_bit_costs(tmp_path: Path):
    draw = random.Random(0)
    lines = [row([*COLUMNS, *BEFORE])]
    for sentence in range(1, 31):
        before: tuple[object, object] = (None, None)
        for position in range(1, 10):
            bits = draw.expovariate(0.2)
            word = (sentence, position, "word", bits, 0, draw.randint(2, 9), draw.uniform(5, 15))
            lines.append(row([*word, *before]))
            before = (bits, 0)
    (tmp_path / "words.tsv").write_text("# a comment\n" + "".join(lines))
    done = subprocess.run(
        ["Rscript", SCRIPT, tmp_path / "words.tsv"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    intervals = done.stdout.split("97.5 %")[1]
    for name, cost in (("surprisal", 4), ("previous_1_surprisal", 2), ("length", 0)):
        (found,) = re.findall(rf"^{name} +(\S+) +(\S+)$", intervals, re.M)
        low, high = map(float, found)
        assert low < cost < high
        assert high - low < 1
