"""What the tests of model folders share: a corpus, a trained model, and what a folder holds."""

from pathlib import Path

import pytest

from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings

TINY = Settings(hidden_size=8, embedding_size=6, batch_size=2, bptt=5, epochs=2)
MODEL_FILES = {"model.safetensors", "config.json", "tokenizer.json", "metrics.jsonl"}


@pytest.fixture(name="corpus")
def a_corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("the boy saw the dog and the dog saw the boy .\n" * 12)
    return path


@pytest.fixture(name="trained")
def a_trained(tmp_path: Path, corpus: Path) -> Path:
    folder = tmp_path / "model"
    train_language(corpus, Output(folder), TINY)
    return folder
