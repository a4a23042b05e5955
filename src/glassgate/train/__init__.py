"""Fit a model: settings, data, the training loop, and the folder it leaves behind."""

from glassgate.train.folder import ModelFolder
from glassgate.train.interrupt import Interrupted
from glassgate.train.load import Loaded, load
from glassgate.train.loop import Diverged, Outcome, fit
from glassgate.train.progress import Bars
from glassgate.train.run import CLASSIFIER, LANGUAGE, Output, train_classifier, train_language
from glassgate.train.settings import Settings
from glassgate.train.tasks import ClassifierTask, SentenceTask, StreamTask, Task
from glassgate.train.tokens import Vocabulary
from glassgate.train.watch import Epoch, Step, Watcher

__all__ = [
    "CLASSIFIER",
    "LANGUAGE",
    "Bars",
    "ClassifierTask",
    "Diverged",
    "Epoch",
    "Interrupted",
    "Loaded",
    "ModelFolder",
    "Outcome",
    "Output",
    "SentenceTask",
    "Settings",
    "Step",
    "StreamTask",
    "Task",
    "Vocabulary",
    "Watcher",
    "fit",
    "load",
    "train_classifier",
    "train_language",
]
