"""`glassgate predict --clamp`, and clamps as text."""

from pathlib import Path

import pytest

import glassgate
from glassgate import clamp
from glassgate.analysis.prediction import predict
from glassgate.cli.clamps import clamps, read_clamp
from glassgate.train import load
from tests.conftest import Run

TEXT = "the boy fell and"


def table(out: str) -> dict[str, tuple[float, float]]:
    """The two columns below the heading, by word."""
    heading, *lines = out[out.index("free") :].splitlines()
    assert heading == "free      held"
    rows = [line.split("  ") for line in lines]
    return {word.split(" (")[0]: (float(before), float(held)) for before, held, word in rows}


def test_both_distributions_stand_side_by_side(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "lines", TEXT, "--clamp", "layer=0 units=1,3-5 kept=0")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [
        "after: <bos> the boy fell and",
        "held: layer=0 units=1,3-5 kept=0",
    ]
    loaded = load(trained / "lines")
    before = dict(predict(loaded, TEXT).ranked)
    with clamp(loaded.model, layer=0, units=[1, 3, 4, 5], kept=0):
        held = dict(predict(loaded, TEXT).ranked)
    assert before != held
    found = table(said.out)
    assert set(found) == {*list(before)[:10], *list(held)[:10]}
    assert list(found) == [word for word in before if word in found]
    for word, chances in found.items():
        assert chances == pytest.approx((before[word], held[word]), abs=6e-7)


def test_clamps_are_held_all_at_once(glassgate_: Run, trained: Path):
    holds = ("--clamp", "layer=1 kept=0", "--clamp", "layer=0 kept=0", "--clamp", "layer=0 reset=0")
    more = (*holds, "--clamp", "layer=1 reset=0")
    one, other = (
        glassgate_("predict", trained / "deep", text, *more) for text in (TEXT, "her her her and")
    )
    assert "held: layer=1 kept=0; layer=0 kept=0; layer=0 reset=0; layer=1 reset=0\n" in one.out
    columns = [{word: held for word, (_, held) in table(said.out).items()} for said in (one, other)]
    shared = columns[0].keys() & columns[1].keys()
    assert len(shared) >= 10
    assert all(columns[0][word] == columns[1][word] for word in shared)


def test_the_later_clamp_of_the_same_units_holds(trained: Path):
    loaded = load(trained / "lines")
    with clamp(loaded.model, kept=0.75):
        wanted = predict(loaded, TEXT)
    with clamps(loaded.model, ["kept=0", "kept=0.75"]):
        assert predict(loaded, TEXT) == wanted


def test_classes_have_two_columns_too(glassgate_: Run, trained: Path):
    said = glassgate_("predict", trained / "sentiment", "a good book", "--clamp", "state=0")
    found = table(said.out)
    assert said.out.startswith("held: state=0\n")
    assert set(found) == {"positive", "negative"}
    assert found["positive"][0] > 0.5
    for column in range(2):
        assert sum(row[column] for row in found.values()) == pytest.approx(1, abs=2e-6)


def test_every_argument_can_be_said():
    assert read_clamp(" layer=1  direction=reverse units=0,2-3 reset=1 state=-1e-1 ") == {
        "layer": 1,
        "direction": "reverse",
        "units": [0, 2, 3],
        "reset": 1.0,
        "state": -0.1,
    }
    assert read_clamp("update=.5") == {"update": 0.5}


UNITS = "units must be whole numbers and ranges separated by commas without spaces, such as 3,7-9"
NAMES = "layer, direction, units, reset, update, kept, state"
WORDS = f"a clamp must consist of words NAME=VALUE with a NAME of {NAMES}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kept", f"{WORDS}, got 'kept'"),
        (
            "gate=0",
            f"{WORDS}, got 'gate=0'",
        ),
        (
            "kept = 0",
            f"{WORDS}, got 'kept'",
        ),
        ("kept=0 kept=1", "a clamp must name kept once, got it twice in 'kept=0 kept=1'"),
        ("kept=high", "kept must be a number, got 'high'"),
        ("kept=", "kept must be a number, got ''"),
        ("layer=top", "layer must be a whole number of up to six digits, got 'top'"),
        ("units=1,", f"{UNITS}, got '1,'"),
        ("units=3,,7", f"{UNITS}, got '3,,7'"),
        ("units=-1", f"{UNITS}, got '-1'"),
        ("units=1-9999999", f"{UNITS}, got '1-9999999'"),
        ("units=4-2", "a range of units must start at its lower end, got '4-2'"),
        ("", "clamp must be given one of reset, update, kept and state, got none"),
        ("kept=2", "kept must lie in 0..1, got 2.0"),
        ("kept=nan", "kept must lie in 0..1, got nan"),
        ("kept=0 units=6-8", "units must lie in 0..7, got 8"),
        ("kept=0 layer=1", "layer must lie in 0..0, got 1"),
        ("kept=0 direction=up", "direction of layer 0 must be forward, got 'up'"),
    ],
)
def test_what_is_no_clamp_is_refused_in_a_sentence(
    glassgate_: Run, trained: Path, text: str, message: str
):
    said = glassgate_("predict", trained / "lines", TEXT, "--clamp", text)
    assert (said.code, said.out, said.err) == (2, "", f"glassgate: {message}\n")


@pytest.mark.parametrize(
    ("network", "text", "message"),
    [
        (
            "srn",
            "kept=0",
            "kept must be left out: an SRN has no gates, only its state can be held",
        ),
        (
            "lstm",
            "reset=0",
            "reset must be left out: an LSTM has no reset gate, only kept (its forget gate) and "
            "state can be held",
        ),
        (
            "feedforward",
            "state=0",
            "--clamp needs a model of network gru, lstm or srn, got feedforward",
        ),
    ],
)
def test_what_a_network_does_not_have_cannot_be_held(
    glassgate_: Run, trained: Path, corpus: Path, network: str, text: str, message: str
):
    for command in ("predict", "score"):
        said = glassgate_(command, trained / network, corpus, "--clamp", text)
        assert (said.code, said.err.splitlines()[-1]) == (2, f"glassgate: {message}")


@pytest.mark.parametrize(
    ("network", "text", "held"),
    [("srn", "state=0", {"state": 0}), ("lstm", "layer=1 kept=0", {"layer": 1, "kept": 0})],
)
def test_an_lstm_and_an_srn_are_held_by_every_command(
    glassgate_: Run, trained: Path, tmp_path: Path, network: str, text: str, held: dict[str, int]
):
    model = glassgate.load(trained / network)
    free = model.predict(TEXT)
    with clamp(model.network, **held):
        wanted, scored = model.predict(TEXT), model.score(TEXT)
    assert wanted.ranked != free.ranked
    found = table(glassgate_("predict", trained / network, TEXT, "--clamp", text).out)
    for word, (_, chance) in found.items():
        assert chance == pytest.approx(dict(wanted.ranked)[word], abs=6e-7)
    (tmp_path / "text.txt").write_text(TEXT)
    rows = glassgate_("score", trained / network, "text.txt", "--clamp", text).out.splitlines()
    bits = [float(row.split("\t")[3]) for row in rows if row[0].isdigit()]
    assert bits == pytest.approx([token.surprisal for token in scored], abs=1e-6)
