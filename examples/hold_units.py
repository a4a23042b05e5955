"""Hold gates of a trained network to see what its memory is for."""

from pathlib import Path
from tempfile import TemporaryDirectory

import glassgate
from glassgate.grammar import Grammar
from glassgate.train import Output, Settings, train_language

TEXTS = ("the boy fell down and hurt", "the girl fell down and hurt")
recipe = Settings(
    hidden_size=64, dropout=0.0, epochs=4, batch_size=128, learning_rate=0.02, schedule="linear"
)

with TemporaryDirectory() as name:
    corpus, folder = Path(name, "corpus.txt"), Path(name, "model")
    sentences = Grammar.load().sample(20_000, seed=0)
    corpus.write_text("\n".join(" ".join(words) for words in sentences))
    train_language(corpus, Output(folder), recipe, by_sentence=True)
    model = glassgate.load(folder)


def show(condition: str) -> None:
    """Print the probability of his and her after each text."""
    for text in TEXTS:
        probabilities = dict(model.predict(text).ranked)
        his, her = probabilities["his"], probabilities["her"]
        print(f"{condition:12} {text} ...  his {his:.2f}  her {her:.2f}")


show("as trained")
with glassgate.clamp(model.network, kept=0, reset=0):
    show("no memory")
longest = model.trace(TEXTS[0]).layers[0].kept.mean((0, 1)).argsort()[-6:]
with glassgate.clamp(model.network, units=longest, kept=0, reset=0):
    show("6 forget")
