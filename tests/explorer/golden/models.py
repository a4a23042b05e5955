"""Trained models of every network and level, and what `glassgate predict` says of texts.

Predictions are made twice: as the command makes them, in float32, and by the same weights in
float64, where only the last digits can differ from the page's.
"""

import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from glassgate import trace
from glassgate.analysis.prediction import predict, read_ids
from glassgate.inside import Memory, gradient_by_lag
from glassgate.nn.models import LanguageModel
from glassgate.train import Loaded, Output, Settings, load, train_classifier, train_language
from tests.conftest import write_corpus, write_reviews
from tests.explorer.golden.networks import Hold, clamped, hold

SMALL = Settings(hidden_size=7, embedding_size=5, epochs=2, batch_size=8, learning_rate=0.1)
TEXTS = (
    "the boy fell and hurt",
    "The GIRL fell!",
    "the <script> don’t 'know' Σ",
    "a good book",
    "",
)
NETWORKS = (("feedforward", 1), ("srn", 2), ("gru", 2), ("lstm", 2))


def model_cases() -> Iterator[dict[str, Any]]:
    """Yield the files of a model with what it predicts, for every network and task."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for seed, (network, layers) in enumerate(NETWORKS):
            settings = replace(SMALL, network=network, layers=layers, seed=seed)
            for task, path in train_each(folder, settings).items():
                yield model_case(f"{network}, {task}", path)


def train_each(folder: Path, settings: Settings) -> dict[str, Path]:
    """Train a language model of words, one of characters, and a classifier."""
    corpus, reviews = write_corpus(folder / "corpus.txt"), write_reviews(folder / "reviews.csv")
    paths = {task: folder / settings.network / task for task in ("words", "characters", "reviews")}
    train_language(corpus, Output(paths["words"]), settings, by_sentence=True, threads=1)
    once = replace(settings, epochs=1)
    train_language(corpus, Output(paths["characters"]), once, level="characters", threads=1)
    train_classifier(reviews, Output(paths["reviews"]), settings, threads=1)
    return paths


def model_case(name: str, path: Path) -> dict[str, Any]:
    """Return a model's files, and for each text and hold what it predicts."""
    single, double = load(path), load(path)
    double.model.double()
    texts = [text for text in TEXTS if text or single.kind == "language"]
    return {
        "name": name,
        "config": json.loads((path / "config.json").read_text()),
        "tokenizer": json.loads((path / "tokenizer.json").read_text()),
        "weights": base64.b64encode((path / "model.safetensors").read_bytes()).decode(),
        "texts": [
            {
                "text": text,
                "ids": read_ids(single, text),
                "cases": [
                    prediction_case(single, double, text, holds)
                    for holds in holds_of(single.settings)
                ],
            }
            for text in texts
        ],
        "spans": memory(double, texts),
    }


def holds_of(settings: Settings) -> list[list[Hold]]:
    """Return what to hold in a network, nothing first."""
    top = settings.layers - 1
    if settings.network == "feedforward":
        return [[]]
    states = [hold(0, [0, 1], state=0.5), hold(top, [6], state=-0.7)]
    if settings.network == "srn":
        return [[], states]
    kept = [hold(0, [0, 2, 3], kept=0.25), hold(top, [1], kept=1.0), hold(top, [2], kept=0.0)]
    everything = [{**hold(top, [], kept=0.9), "units": "all"}]
    if settings.network == "lstm":
        return [[], states, kept, everything]
    return [[], states, kept, everything, [hold(0, [4, 5], reset=0.1), hold(top, [0], reset=1.0)]]


def prediction_case(single: Loaded, double: Loaded, text: str, holds: list[Hold]) -> dict[str, Any]:
    """Return the probabilities of all outcomes, and the gradients of the least likely one."""
    predictions = []
    for loaded in (single, double):
        with hold_in(loaded, holds):
            ranked = dict(predict(loaded, text).ranked)
        predictions.append([ranked[name] for name in outcomes(loaded)])
    target = min(range(len(predictions[1])), key=predictions[1].__getitem__)
    with hold_in(double, holds):
        states, embeddings = gradients(double, read_ids(double, text), target)
    return {
        "holds": holds,
        "float32": predictions[0],
        "float64": predictions[1],
        "target": target,
        "gradientByWord": states,
        "connectivity": embeddings,
        **held_from(double, text, holds),
    }


def hold_in(loaded: Loaded, holds: list[Hold]) -> Any:
    """Hold units of a model's network."""
    return clamped(loaded.model.network, holds) if holds else nullcontext()


def outcomes(loaded: Loaded) -> Sequence[str]:
    """Return what a model chooses from, in the order of its output."""
    return loaded.classes or loaded.vocabulary.tokens(range(len(loaded.vocabulary)))


def gradients(loaded: Loaded, ids: list[int], target: int) -> tuple[list[float], list[float]]:
    """Return the size of the gradient of -log p(target) at each state and each embedding, [T]."""
    model = loaded.model
    linear = model.decoder if isinstance(model, LanguageModel) else model.readout
    embedded = model.embedding(torch.tensor(ids)[:, None]).detach().requires_grad_()  # (T, 1, I)

    def loss(hidden: torch.Tensor) -> torch.Tensor:
        return -F.log_softmax(linear(hidden[-1]), -1)[:, target]

    lags = gradient_by_lag(model.network, embedded.detach(), loss, len(ids) - 1)
    (grad,) = torch.autograd.grad(loss(model.network(embedded)[0]).sum(), embedded)
    return lags[::-1].tolist(), grad.norm(dim=-1)[:, 0].tolist()


@torch.no_grad()
def held_from(loaded: Loaded, text: str, holds: list[Hold]) -> dict[str, Any]:
    """Return what a language model predicts if it is held from a word on: it runs in two parts.

    The word is the third, or none where there is no such.
    """
    ids, start = read_ids(loaded, text), 3
    if not isinstance(loaded.model, LanguageModel) or not holds or len(ids) <= start:
        return {}
    _, state = loaded.model(torch.tensor(ids[:start])[:, None])
    with hold_in(loaded, holds):
        logits, _ = loaded.model(torch.tensor(ids[start:])[:, None], state)
    return {"from": start, "heldFrom": logits[-1, 0].softmax(-1).tolist()}


@torch.no_grad()
def memory(loaded: Loaded, texts: Sequence[str]) -> list[list[float]]:
    """Return the memory spans of each layer over all texts, [layers][H]; none without gates."""
    if loaded.settings.network not in ("gru", "lstm"):
        return []
    traces = [
        trace(loaded.model.network, loaded.model.embedding(torch.tensor(ids)[:, None]))
        for ids in (read_ids(loaded, text) for text in texts)
    ]
    return [
        Memory.of(torch.cat([torch.from_numpy(one[layer].kept) for one in traces]).numpy())
        .span.clip(max=1e300)
        .tolist()
        for layer in range(loaded.settings.layers)
    ]
