"""What the tests of the verdict experiment share: a plan that takes no time, and its sentences."""

from dataclasses import replace

from glassgate.experiments.verdict import experiment
from glassgate.experiments.verdict.reviews import all_sentences, split_sentences

TINY = experiment.Plan(
    sentences=2,
    train_reviews=72,
    valid_reviews=18,
    test_reviews=108,
    settings=replace(experiment.SETTINGS, hidden_size=6, embedding_size=5, epochs=1),
)
EVERY = all_sentences()
TRAIN = split_sentences(EVERY, 0).train
