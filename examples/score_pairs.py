"""Minimal pairs: how often a model prefers the good sentence, with memory and without."""

from pathlib import Path
from tempfile import TemporaryDirectory

import glassgate
from glassgate.analysis import Pair, accuracies, judge
from glassgate.grammar import Grammar
from glassgate.train import Output, Settings, train_language

PEOPLE = {"boy": "his", "king": "his", "girl": "her", "queen": "her"}
PLACES = ("", "near the tree", "beside the river", "in the garden behind the house")
recipe = Settings(
    hidden_size=64, dropout=0.0, epochs=4, batch_size=128, learning_rate=0.02, schedule="linear"
)

with TemporaryDirectory() as name:
    corpus, folder = Path(name, "corpus.txt"), Path(name, "model")
    sentences = Grammar.load().sample(20_000, seed=0)
    corpus.write_text("\n".join(" ".join(words) for words in sentences))
    train_language(corpus, Output(folder), recipe, by_sentence=True)
    model = glassgate.load(folder)

pairs = []
for person, own in PEOPLE.items():
    for place in PLACES:
        words = (own, "her" if own == "his" else "his")  # the grammatical one first
        both = (f"the {person} {place} fell down and hurt {word} knee" for word in words)
        pairs.append(Pair(len(pairs) + 1, *both))


def report(condition: str) -> None:
    """Print how often the model prefers the good sentence."""
    whole = accuracies(judge(model, pairs))[0]
    print(f"{condition}: prefers the good sentence in {whole.share:.0%} of {whole.n} pairs")


report("as trained")
with glassgate.clamp(model.network, kept=0, reset=0):
    report("without memory")
