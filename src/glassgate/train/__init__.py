"""Train a network on a text or on labelled texts, and save it in a model folder.

The names below are public. `Settings`, `RECIPES`, `Watcher` with its `Step` and `Epoch`, and
`Interrupted` need NumPy alone; the others are imported on first use and need
``pip install 'glassgate[train]'``.

Read the files in this order:

1. `settings`: what a run may choose.
2. `run`: from a file to a model folder, `train_language` and `train_classifier`.
3. `tokens`, `corpus`, `reviews`: from a file to token ids.
4. `batches`, `tasks`: from token ids to batches, and from a batch to a loss.
5. `loop`, `worker`: the training loop, and the part of each process.
6. `snapshot`, `folder`, `lock`, `model`: the state of a run, the files it writes, one run a folder,
   and reading a model back.
7. `watch`, `interrupt`, `threads`: progress, Ctrl-C, and the number of threads.
8. `study`, `parallel`, `relay`, `backends`: several networks and seeds, side by side.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy
from glassgate.train.interrupt import Interrupted
from glassgate.train.settings import RECIPES, Settings
from glassgate.train.watch import Epoch, Step, Watcher

if TYPE_CHECKING:
    from glassgate.train.loop import Diverged, Outcome, fit
    from glassgate.train.model import Loaded, load
    from glassgate.train.run import Output, train_classifier, train_language
    from glassgate.train.tasks import ClassifierTask, SentenceTask, StreamTask, Task
    from glassgate.train.tokens import Vocabulary

__all__ = [
    "RECIPES",
    "ClassifierTask",
    "Diverged",
    "Epoch",
    "Interrupted",
    "Loaded",
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

SUBMODULES = {
    "ClassifierTask": "tasks",
    "Diverged": "loop",
    "Loaded": "model",
    "Outcome": "loop",
    "Output": "run",
    "SentenceTask": "tasks",
    "StreamTask": "tasks",
    "Task": "tasks",
    "Vocabulary": "tokens",
    "fit": "loop",
    "load": "model",
    "train_classifier": "run",
    "train_language": "run",
}
__getattr__, __dir__ = lazy(__name__, SUBMODULES)
