"""Rows of `glassgate score`, worked out by hand from a stub's distributions."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glassgate.analysis import scoring
from glassgate.analysis.conditions import Conditions
from glassgate.analysis.frequencies import Frequencies
from glassgate.analysis.items import Items, Stretch
from glassgate.analysis.score_table import Layout, check_alike, name_columns, score_rows
from glassgate.analysis.surprisal import Predicted
from glassgate.errors import BadInput
from glassgate.nn.models import LanguageModel
from glassgate.train import Loaded
from glassgate.train.settings import LANGUAGE
from glassgate.train.tokens import Vocabulary

TEXT = "The boy fell."
PREDICTED = [  # of the, boy, fell, . and <eos>: bits, entropy before, rank
    *[Predicted(1.0, 2.0, 1), Predicted(3.0, 1.5, 4), Predicted(2.0, 2.5, 2)],
    *[Predicted(0.5, 0.5, 1), Predicted(0.25, 0.25, 1)],
]
T_ONE = 12.706204736  # Student's t for 95%, one degree of freedom


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[Loaded]:
    """Two models that predict PREDICTED; to the second all is one bit more surprising."""
    vocabulary = Vocabulary.of(["the", "boy", "fell", "."])
    config = {"level": "words", "by_sentence": True}
    both = [
        Loaded(LanguageModel(len(vocabulary), "srn", 2, 2).eval(), vocabulary, LANGUAGE, config)
        for _ in range(2)
    ]
    more = {id(loaded.model): float(number) for number, loaded in enumerate(both)}

    def predict(
        model: LanguageModel, bos: int, sentences: Sequence[Sequence[int]], **_: Any
    ) -> list[list[Predicted]]:
        return [
            [
                one._replace(bits=one.bits + more[id(model)])
                for one in (PREDICTED * 2)[-len(sentence) :]
            ]
            for sentence in sentences
        ]

    monkeypatch.setattr(scoring, "predict_sentences", predict)
    return both


def rows(models: list[Loaded], layout: Layout, text: str = TEXT) -> list[dict[str, object]]:
    return [row.cells for row in score_rows(models, Items(Path("t.txt"), text), layout)]


def test_what_stands_at_a_word_is_that_of_its_tokens(models: list[Loaded]):
    found = rows(models[:1], Layout(words=True))
    names = ("word", "surprisal", "entropy", "entropy_reduction", "rank", "pieces")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("The", 1.0, 2.0, 0.5, 1, 1),  # 2.0 before it, 1.5 after
        ("boy", 3.0, 1.5, 0.0, 4, 1),  # more uncertain after it: nothing is removed
        ("fell.", 2.5, 2.5, 2.25, 2, 2),  # 2.5 before "fell", 0.25 after "."; the rank of "fell"
        ("<eos>", 0.25, 0.25, 0.25, 1, 1),  # nothing follows
    ]
    found = rows(models[:1], Layout())
    assert [row["entropy_reduction"] for row in found] == [0.5, 0.0, 2.0, 0.25, 0.25]


def test_words_before_stand_beside_a_word_up_to_the_start_of_its_sentence(models: list[Loaded]):
    layout = Layout(words=True, previous=2)
    first, second, third, end, again, *_ = rows(models[:1], layout, f"{TEXT}\n\n{TEXT}")
    one, two = "previous_1_surprisal", "previous_2_surprisal"
    assert [row.get(one) for row in (first, second, third, end)] == [None, 1.0, 3.0, 2.5]
    assert [row.get(two) for row in (first, second, third, end)] == [None, None, 1.0, 3.0]
    assert (third["previous_2_word"], third["previous_1_rank"]) == ("The", 4)
    assert (again["sentence"], again.get(one)) == (3, None)
    own = [name for name in layout.columns if name.startswith("previous_1_")]
    assert own == [f"previous_1_{name}" for name in layout.own[2:]]
    assert set(third) <= set(layout.columns)


def test_several_models_give_their_mean_and_its_interval(models: list[Loaded]):
    layout = Layout(models=2)
    second = rows(models, layout)[1]
    reach = T_ONE * math.sqrt(0.5) / math.sqrt(2)  # of 3 and 4
    assert second["surprisal"] == 3.5
    assert second["surprisal_low"] == pytest.approx(3.5 - reach)
    assert second["surprisal_high"] == pytest.approx(3.5 + reach)
    assert [second[name] for name in ("rank", "rank_low", "rank_high")] == [4.0, 4.0, 4.0]
    assert second["entropy_reduction_high"] == 0.0
    assert set(second) == set(layout.columns)


def test_a_word_of_several_words_has_no_rank_and_no_frequency(models: list[Loaded]):
    layout = Layout(words=True, models=2, frequencies=Frequencies(Counter(the=3, boy=1)))
    first = rows(models, layout, "the-boy")[0]
    assert (first["word"], first["pieces"], first["rank"]) == ("the-boy", 3, None)
    assert first["log_frequency"] is None
    assert "rank_low" not in first


def test_a_word_is_as_frequent_as_its_one_part_with_letters(models: list[Loaded]):
    counts = Frequencies(Counter({"the": 3, "boy": 4, ".": 1}))
    found = rows(models[:1], Layout(words=True, frequencies=counts), '"The boy fell. .')
    wanted = [3 / 8 * 1e6, 4 / 8 * 1e6, None, 1 / 8 * 1e6, None]
    assert [row["log_frequency"] for row in found] == [
        None if count is None else pytest.approx(math.log2(count)) for count in wanted
    ]


def test_words_are_counted_over_files_in_lower_case_known_or_not(tmp_path: Path):
    (tmp_path / "a.txt").write_text("The zyx,\nthe #1\n")
    (tmp_path / "b.txt").write_text("zyx zyx")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    words = Frequencies.count(files)
    assert words._counts == {"the": 2, "zyx": 3, ",": 1, "#": 1, "1": 1}
    letters = Frequencies.count(files[1:], "characters")
    assert letters._counts == {"z": 2, "y": 2, "x": 2, " ": 1}
    with pytest.raises(BadInput, match=r"there is no file .*c\.txt"):
        Frequencies.count([*files, tmp_path / "c.txt"])


# Conditions -----------------------------------------------------------------------------------


def items(*sentences: tuple[str, str]) -> Items:
    """Sentences of a text and a condition; the word "boy" is the region critical."""
    stretches = [
        [
            Stretch(1, {"condition": condition, "region": "critical" * (word == "boy")})
            for word in text.split()
        ]
        for text, condition in sentences
    ]
    return Items(Path("items.tsv"), "\n".join(text for text, _ in sentences) + "\n", stretches)


def test_means_by_condition_are_those_of_regions(models: list[Loaded]):
    found = items((TEXT, "a"), (TEXT, "b"), ("boy boy fell.", "a"), ("The zyx fell.", "b"))
    totals = Conditions(1)
    list(totals.over(found, score_rows(models[:1], found, Layout())))
    a, b = totals.means()
    assert (a.condition, a.region, a.sentences, a.unknown) == ("a", "critical", 2, 0)
    assert a.mean == (3.0 + 4.0) / 2  # boy, and boy twice: 1 + 3
    reach = T_ONE * math.sqrt(0.5) / math.sqrt(2)
    assert a.interval == (pytest.approx(3.5 - reach), pytest.approx(3.5 + reach))
    assert (b.sentences, b.mean, b.interval) == (1, 3.0, None)


def test_sentences_with_unknown_words_are_left_out_of_means(models: list[Loaded]):
    found = items((TEXT, "a"), ("The zyx fell.", "a"))
    whole = replace(
        found,
        sentences=[[Stretch(3, {"Condition": "a"})] for _ in found.sentences],
    )
    totals = Conditions(2)
    list(totals.over(whole, score_rows(models, whole, Layout(models=2))))
    (mean,) = totals.means()
    assert (mean.region, mean.sentences, mean.unknown) == (None, 1, 1)
    assert mean.mean == 6.75 + 2.5  # with <eos>; 5 more bits to the second model
    reach = T_ONE * math.sqrt(12.5) / math.sqrt(2)  # over models: 6.75 and 11.75
    assert mean.interval == (pytest.approx(9.25 - reach), pytest.approx(9.25 + reach))


# Columns and models ---------------------------------------------------------------------------


def test_a_column_called_like_one_of_the_table_gets_another_name():
    names = name_columns(["word", "item", "input_word"], ["word"])
    assert names == {"word": "input_input_word", "item": "item", "input_word": "input_word"}


def test_models_that_read_otherwise_are_refused(models: list[Loaded]):
    first, second = models
    stream = replace(second, config={**second.config, "by_sentence": False})
    with pytest.raises(BadInput, match=r"a reads sentences of words, but b a stream of words"):
        check_alike({"a": first, "b": stream}, averaged=False)
    other = replace(second, vocabulary=Vocabulary.of(["the"]))
    check_alike({"a": first, "b": other}, averaged=False)
    with pytest.raises(BadInput, match=r"a and b have different vocabularies.*--by-model"):
        check_alike({"a": first, "b": other}, averaged=True)
