"""Networks of the demo's four kinds, small and quickly trained, whose words are the grammar's."""

from pathlib import Path

import pytest

from glassgate.grammar import Grammar
from glassgate.train import Settings

NAMES = ("feedforward", "srn", "gru", "lstm")


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model folder for each network. Only to be read."""
    from glassgate.train.run import Output, train_language

    folder = tmp_path_factory.mktemp("networks")
    corpus = folder / "corpus.txt"
    sentences = Grammar.load().sample(3000, seed=1)
    corpus.write_text("".join(f"{' '.join(words)}\n" for words in sentences))
    for name in NAMES:
        settings = Settings(
            network=name, hidden_size=16, embedding_size=8, batch_size=32, epochs=1,
            learning_rate=0.02, dropout=0.0,
        )  # fmt: skip
        train_language(corpus, Output(folder / name), settings, by_sentence=True)
    return folder
