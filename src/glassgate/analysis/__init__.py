"""What trained models predict, score and remember, measured on texts and on known languages.

`glassgate.load` returns a `TrainedModel`, which `predict`, `score`, `judge` and others take. A
`Language` is a grammar in a model's own ids, whose exact next-word distribution is known.

A newcomer reads `trained`, `prediction` and `scoring`; then `language` and `agreement` (a model
compared with the truth), `units` (what holding units costs), `pairs` (minimal pairs), `intervals`
(confidence intervals), `items`, `score_table`, `conditions` and `frequencies` (the files, rows and
means of `glassgate score`), and `report` (the page of `glassgate report`).
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.analysis.intervals import t_interval, wilson
    from glassgate.analysis.language import Language, match_vocabulary, sample_language
    from glassgate.analysis.pairs import Pair, accuracies, judge, mean_accuracies, read_pairs
    from glassgate.analysis.prediction import Prediction, predict
    from glassgate.analysis.scoring import ScoredToken, ScoredWord, by_word, score
    from glassgate.analysis.selectivity import feature_selectivity
    from glassgate.analysis.text_gates import TextGates, trace_text
    from glassgate.analysis.trained import TrainedModel
    from glassgate.analysis.units import Ablation, ablation, drop_by_unit

__all__ = [
    "Ablation",
    "Language",
    "Pair",
    "Prediction",
    "ScoredToken",
    "ScoredWord",
    "TextGates",
    "TrainedModel",
    "ablation",
    "accuracies",
    "by_word",
    "drop_by_unit",
    "feature_selectivity",
    "judge",
    "match_vocabulary",
    "mean_accuracies",
    "predict",
    "read_pairs",
    "sample_language",
    "score",
    "t_interval",
    "trace_text",
    "wilson",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Ablation": "units",
        "Language": "language",
        "Pair": "pairs",
        "Prediction": "prediction",
        "ScoredToken": "scoring",
        "ScoredWord": "scoring",
        "TextGates": "text_gates",
        "TrainedModel": "trained",
        "ablation": "units",
        "accuracies": "pairs",
        "by_word": "scoring",
        "drop_by_unit": "units",
        "feature_selectivity": "selectivity",
        "judge": "pairs",
        "predict": "prediction",
        "read_pairs": "pairs",
        "sample_language": "language",
        "score": "scoring",
        "match_vocabulary": "language",
        "mean_accuracies": "pairs",
        "t_interval": "intervals",
        "trace_text": "text_gates",
        "wilson": "intervals",
    },
)
