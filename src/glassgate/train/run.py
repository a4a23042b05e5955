"""Train a model on a file and write it to a model folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

import glassgate
from glassgate.nn.models import Classifier, LanguageModel
from glassgate.train.corpus import Files, fingerprint, name_of, read_sentences, read_stream
from glassgate.train.folder import SAVE_SECONDS, ModelFolder
from glassgate.train.lock import lock_folder
from glassgate.train.loop import Outcome, fit
from glassgate.train.model import build
from glassgate.train.reviews import encode_reviews, read_reviews
from glassgate.train.settings import CLASSIFIER, LANGUAGE, MINIMUM_FREQUENCY, Settings
from glassgate.train.tasks import ClassifierTask, SentenceTask, StreamTask, Task
from glassgate.train.threads import on_threads
from glassgate.train.tokens import Level, Vocabulary
from glassgate.train.watch import Watcher


@dataclass(frozen=True)
class Output:
    """Where a run writes its model, and what it may do there; one run at a time."""

    folder: Path
    overwrite: bool = False  # replace an existing model
    resume: bool = False  # continue from the state in the folder
    tensorboard: bool = False  # also write event files to the folder
    save_seconds: float = SAVE_SECONDS  # between two saved states within an epoch


@dataclass(frozen=True)
class Source:
    """What a model was trained on: a name, and the SHA-256 of the text."""

    name: str
    sha256: str


def train_language(
    corpus: Files,
    output: Output,
    settings: Settings = LANGUAGE,
    *,
    level: Level = "words",
    by_sentence: bool = False,
    minimum_frequency: int = MINIMUM_FREQUENCY,
    recipe: str | None = None,
    threads: int | None = None,
    watchers: Sequence[Watcher] = (),
) -> Outcome:
    """Train a model to predict the next token of a UTF-8 text, whose last tenth is held out.

    Several files are read one after the other, as one text. With `by_sentence` each line is a
    sequence of its own; otherwise the text is one stream. `recipe` is the name of the recipe that
    the settings began with, for config.json. `threads` is the number of threads of
    torch and the engine, 1..256; None measures in the first steps whether one thread or all train
    faster, and a resumed run keeps the number chosen. Raises `BadInput` for a text, a folder or
    settings that cannot be used, `Interrupted` after Ctrl-C, and `OSError` when the folder cannot
    be written.
    """
    data: Any = (read_sentences if by_sentence else read_stream)(corpus, level, minimum_frequency)
    model = new_model("language", data.vocabulary, (), settings)
    assert isinstance(model, LanguageModel)
    task: Task
    if by_sentence:
        task = SentenceTask(model, data.train, data.held_out, settings)
    else:
        task = StreamTask(model, data.train, data.held_out, data.vocabulary.bos, settings)
    more: dict[str, Any] = {"recipe": recipe} if recipe else {}
    more |= {"level": level, "by_sentence": by_sentence, "minimum_frequency": minimum_frequency}
    source = Source(name_of(corpus), fingerprint(corpus))
    config = _config("language", source, data.vocabulary, settings, more)
    return _fit(task, settings, config, data.vocabulary, output, threads, watchers, ())


def train_classifier(
    reviews: Path,
    output: Output,
    settings: Settings = CLASSIFIER,
    *,
    text: str = "text",
    label: str = "label",
    minimum_frequency: int = MINIMUM_FREQUENCY,
    threads: int | None = None,
    watchers: Sequence[Watcher] = (),
) -> Outcome:
    """Train a classifier on the texts of a CSV file, a random tenth of which is held out.

    `text` and `label` name its columns. `threads` and the errors are as in `train_language`.
    """
    labelled = read_reviews(reviews, text, label)
    data = encode_reviews(labelled, settings.seed, minimum_frequency)
    model = new_model("classifier", data.vocabulary, data.classes, settings)
    assert isinstance(model, Classifier)
    task = ClassifierTask(model, data.train, data.held_out, settings)
    more = {"text": text, "label": label, "minimum_frequency": minimum_frequency}
    more |= {"level": "words", "classes": list(data.classes)}
    source = Source(name_of(reviews), fingerprint(reviews))
    config = _config("classifier", source, data.vocabulary, settings, more)
    notes = labelled.notes(reviews, label)
    return _fit(task, settings, config, data.vocabulary, output, threads, watchers, notes)


def save_trained(
    model: LanguageModel,
    outcome: Outcome,
    vocabulary: Vocabulary,
    source: Source,
    settings: Settings,
    output: Output,
) -> None:
    """Write a model that `fit` has trained on sentences of words, without a store, to a folder.

    The folder holds what `train_language` writes, and is refused for the same reasons.
    """
    more = {"level": "words", "by_sentence": True, "minimum_frequency": 1}
    config = _config("language", source, vocabulary, settings, more)
    store = _open_folder(output, config, vocabulary)
    store.begin()
    store.record_threads(outcome.threads)
    store.save_epochs([epoch.to_json() for epoch in outcome.history], model.state_dict())
    store.finish()


def new_model(
    kind: str, vocabulary: Vocabulary, classes: Sequence[str], settings: Settings
) -> nn.Module:
    """Return a new model, initialized by the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return build(kind, len(vocabulary), len(classes), settings)


def _config(
    kind: str, source: Source, vocabulary: Vocabulary, settings: Settings, more: dict[str, Any]
) -> dict[str, Any]:
    """Return the contents of config.json for a run."""
    return {
        "version": glassgate.__version__,
        "kind": kind,
        "vocabulary_size": len(vocabulary),
        **more,
        "data": source.name,
        "data_sha256": source.sha256,
        "settings": settings.to_json(),
    }


def _fit(
    task: Task,
    settings: Settings,
    config: dict[str, Any],
    vocabulary: Vocabulary,
    output: Output,
    threads: int | None,
    watchers: Sequence[Watcher],
    notes: Sequence[str],
) -> Outcome:
    events = output.folder if output.tensorboard else None
    with lock_folder(output.folder), on_threads(threads):
        store = _open_folder(output, config, vocabulary)
        return fit(
            task,
            settings,
            store=store,
            watchers=watchers,
            tensorboard=events,
            notes=notes,
            try_threads=threads is None,
        )


def _open_folder(output: Output, config: dict[str, Any], vocabulary: Vocabulary) -> ModelFolder:
    return ModelFolder(
        output.folder,
        config,
        vocabulary.to_json(),
        overwrite=output.overwrite,
        resume=output.resume,
        save_seconds=output.save_seconds,
    )
