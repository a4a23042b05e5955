"""The command line, run in this process, and models small enough to be trained on the way."""

import random
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import glassgate.cli
from glassgate.cli.app import prepare_threads

# As every command does, before torch is imported. MKL reads its variable when it first computes. If
# a test's command set it later, worker processes would compute other bits than this one.
prepare_threads()

# Started in the background, a shell's child ignores Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., "Said"]
TINY = ["--hidden-size", "8", "--embedding-size", "6", "--batch-size", "4", "--epochs", "2"]


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def glassgate_(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Run a command in a folder of its own, as the shell does."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["glassgate", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            glassgate.cli.main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def seeded() -> None:
    """Draw torch's random numbers from a known seed."""
    import torch

    torch.manual_seed(0)


@pytest.fixture
def one_thread(seeded: None) -> Iterator[None]:
    """Give torch one thread, and a known seed."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def write_corpus(path: Path) -> Path:
    """Write sentences in which she hurts her knee and he hurts his."""
    draw = random.Random(0)
    people = [("the boy", "his"), ("the girl", "her")]
    said = [draw.choice(people) for _ in range(60)]
    path.write_text("".join(f"{who} fell and hurt {whose} knee .\n" for who, whose in said))
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus.txt")


def names(folder: Path) -> set[str]:
    """Name what a folder holds."""
    return {path.name for path in folder.iterdir()}


def write_reviews(path: Path) -> Path:
    """Write texts whose one word decides their class."""
    rows = [f"a {word} book no {i},{label}" for i in range(20) for word, label in SAID]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return path


SAID = (("good", "positive"), ("bad", "negative"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of model folders: stream, lines, letters, deep, the other networks, sentiment.

    Only to be read.
    """
    from glassgate.train.run import Output, train_classifier, train_language
    from glassgate.train.settings import Settings

    folder = tmp_path_factory.mktemp("trained")
    corpus, tiny = (
        write_corpus(folder / "corpus.txt"),
        Settings(
            hidden_size=8, embedding_size=6, batch_size=4, epochs=2, learning_rate=0.02, dropout=0.0
        ),
    )
    train_language(corpus, Output(folder / "stream"), tiny)
    train_language(corpus, Output(folder / "lines"), tiny, by_sentence=True)
    one = {**tiny.to_json(), "epochs": 1}
    train_language(corpus, Output(folder / "letters"), Settings(**one), level="characters")
    train_language(corpus, Output(folder / "deep"), Settings(**{**one, "layers": 2}))
    for network, layers in (("srn", 1), ("lstm", 2), ("feedforward", 1)):
        options = {**one, "network": network, "layers": layers}
        train_language(corpus, Output(folder / network), Settings(**options))
    reviews = write_reviews(folder / "reviews.csv")
    train_classifier(reviews, Output(folder / "sentiment"), Settings(**{**one, "epochs": 8}))
    return folder
