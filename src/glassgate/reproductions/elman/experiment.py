"""Train SRN and GRU on the four problems of Elman (1990), and measure what he showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from glassgate.experiments.common import check_counts
from glassgate.experiments.runner import ONE_BY_ONE, Runner
from glassgate.inside.clusters import mean_states, similarity_tree
from glassgate.reproductions.elman import lexicon, sequences
from glassgate.reproductions.elman.predictor import BitPredictor, BitTask, bit_errors
from glassgate.reproductions.elman.results import LexicalRun, Results, SequenceRun
from glassgate.reproductions.elman.sequences import Stream
from glassgate.reproductions.elman.summary import compare, lexical_summary, sequence_summary
from glassgate.reproductions.networks import NETWORKS, make_model
from glassgate.train.loop import fit
from glassgate.train.parallel import Piece
from glassgate.train.settings import Settings
from glassgate.train.tasks import StreamTask
from glassgate.train.watch import Watcher

TRAIN, VALID, TEST, CODES = 1, 2, 3, 4  # random streams of a seed
EVALUATIONS = 10  # of a training on a sequence
SHOWN = 40  # letters of the test sequence that results.json holds
PLACES = 5  # in a word, from the first letter on, of which errors are measured


class Problem(NamedTuple):
    """One of the three sequences: how large, and how it is learned.

    `size` counts threes, syllables or sentences; the other numbers are those of `BitTask`, of
    `Settings` and of the network. `places` is how many places in a part are measured.
    """

    name: str
    size: int
    passes: int
    columns: int
    steps: int
    hidden_size: int
    learning_rate: float
    places: int

    def draw(self, seed: int, stream: int) -> Stream:
        """Write one sequence, the same for all networks."""
        random = np.random.default_rng([seed, stream])
        if self.name == "xor":
            return sequences.xor_bits(self.size, random)
        if self.name == "letters":
            return sequences.syllables(self.size, random)
        return sequences.sentences(self.size, random, np.random.default_rng([seed, CODES]))


PROBLEMS = (
    Problem("xor", 1000, 600, 10, 30, 2, 0.02, places=3),
    Problem("letters", 1000, 200, 10, 30, 20, 0.01, places=4),
    Problem("words", 200, 10, 4, 20, 20, 0.01, places=PLACES),
)


@dataclass(frozen=True)
class Plan:
    """The numbers of a run; `BadInput` for one out of range."""

    networks: Sequence[str] = tuple(NETWORKS)
    problems: Sequence[Problem] = PROBLEMS
    sentences: int = 10_000
    passes: int = 6  # through the sentences
    columns: int = 4  # of sentences, read side by side
    hidden_size: int = 150  # of the networks that read sentences
    learning_rate: float = 0.003  # of the same

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_counts(self, "sentences", "passes", "columns", "hidden_size")

    def settings(self, hidden_size: int, learning_rate: float, epochs: int, seed: int) -> Settings:
        """Return how a network is trained; its name is not part of it."""
        return Settings(
            network="srn",
            hidden_size=hidden_size,
            dropout=0.0,
            epochs=epochs,
            patience=epochs,
            batch_size=self.columns,
            bptt=20,
            learning_rate=learning_rate,
            weight_decay=0.0,
            schedule="linear",
            seed=seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary that JSON can hold."""
        problems = [problem._asdict() for problem in self.problems]
        shared = self.settings(self.hidden_size, self.learning_rate, self.passes, 0)
        names = ("optimizer", "weight_decay", "clip", "schedule", "bptt")
        training = {name: getattr(shared, name) for name in names}
        return {**vars(self), "problems": problems, "training": training}


def quick(plan: Plan) -> Plan:
    """Return the plan of a quick run: a tenth of the passes, fewer sentences."""
    problems = tuple(
        problem._replace(passes=max(EVALUATIONS, problem.passes // 10)) for problem in plan.problems
    )
    sentences = 1_500 if plan.sentences == Plan.sentences else plan.sentences
    return replace(plan, problems=problems, sentences=sentences)


def run(plan: Plan, seeds: Sequence[int], runner: Runner = ONE_BY_ONE) -> Results:
    """Train every network on every problem with every seed."""
    of_sequences = runner.train(
        [
            Piece(f"{problem.name}: {network}, seed {seed}", train, (problem, network, seed, plan))
            for problem in plan.problems
            for network in plan.networks
            for seed in seeds
        ]
    )
    of_sentences = runner.train(
        [
            Piece(f"sentences: {network}, seed {seed}", train_lexical, (network, seed, plan))
            for network in plan.networks
            for seed in seeds
        ]
    )
    grammar = lexicon.load_grammar()
    return {
        "seeds": list(seeds),
        "plan": plan.to_json(),
        "words": {word: grammar.word_class(word) for word in sorted(grammar.words)},
        "sequences": sequence_summary(of_sequences),
        "lexical": lexical_summary(of_sentences),
        "sequence_runs": of_sequences,
        "lexical_runs": of_sentences,
        "comparisons": compare(of_sequences, of_sentences, plan.sentences),
    }


def train(
    problem: Problem, network: str, seed: int, plan: Plan, watchers: Sequence[Watcher]
) -> SequenceRun:
    """Train one network on one sequence, and measure its errors on another of the kind."""
    torch.manual_seed(seed)
    streams = {stream: problem.draw(seed, stream) for stream in (TRAIN, VALID, TEST)}
    test = streams[TEST]
    model = BitPredictor(network, test.vectors.shape[1], problem.hidden_size)
    passes = max(1, problem.passes // EVALUATIONS)
    task = BitTask(model, streams[TRAIN], streams[VALID], problem.columns, problem.steps, passes)
    epochs = max(1, problem.passes // passes)
    settings = plan.settings(problem.hidden_size, problem.learning_rate, epochs, seed)
    outcome = fit(task, settings, watchers=watchers)
    errors, places = bit_errors(model, test), test.places[1:]  # (N - 1, I), (N - 1,)
    return {
        "sequence": problem.name,
        "network": network,
        "seed": seed,
        "train_seconds": outcome.train_seconds,
        "errors": [float(errors[places == place].mean()) for place in range(problem.places)],
        "bits": errors[places == 0].mean(0).tolist(),
        "text": test.text[1 : SHOWN + 1],
        "text_errors": errors[:SHOWN].mean(1).tolist(),
    }


def train_lexical(network: str, seed: int, plan: Plan, watchers: Sequence[Watcher]) -> LexicalRun:
    """Train one network on sentences, and measure predictions and mean states by word."""
    grammar = lexicon.load_grammar()
    places = {word: place for place, word in enumerate(grammar.words)}
    words = [word for sentence in grammar.sample(plan.sentences, seed) for word in sentence]
    ids = np.array([places[word] for word in words])
    torch.manual_seed(seed)
    one_hot = torch.eye(len(places) + 1, len(places))  # and nothing where a column begins
    model = make_model(network, one_hot, plan.hidden_size)
    settings = plan.settings(plan.hidden_size, plan.learning_rate, plan.passes, seed)
    task = StreamTask(model, ids, ids, len(places), settings)
    outcome = fit(task, settings, watchers=watchers)
    states, predicted = lexicon.read_words(model, ids)
    cosine, rms = lexicon.closeness(predicted, lexicon.next_distributions(grammar, words))
    means = mean_states(states, words)
    classes = {word: grammar.word_class(word) for word in grammar.words}
    nouns = {word: name for word, name in classes.items() if name != "verb"}
    tree = similarity_tree(means.means, means.labels)
    return {
        "network": network,
        "seed": seed,
        "train_seconds": outcome.train_seconds,
        "cosine": cosine,
        "rms": rms,
        "verbs": lexicon.split_purity(means, {w: str(c == "verb") for w, c in classes.items()}),
        "animates": lexicon.split_purity(means, nouns),
        "labels": list(means.labels),
        "merges": tree.merges.tolist(),
    }
