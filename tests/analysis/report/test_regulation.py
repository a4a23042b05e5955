"""Up- and down-regulation in a report, compared with gates computed step by step."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.analysis.report import Report, gather
from glassgate.analysis.report.page import report_page
from glassgate.analysis.report.page import units as page_units
from glassgate.analysis.report.sample import draw_sample
from glassgate.analysis.report.units import measure_layers
from glassgate.pages.exhibits import Exhibit
from glassgate.train.model import Loaded, load
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from tests.analysis.report.test_numbers import many, no_bar, silent, untrained
from tests.pages.page_parts import downloads, parse, section

HEADING = "How far do the gates open?"
AMOUNTS = ("passed", "blended", "dropped")
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
WORDS = [f"{letter}{letter}" for letter in "abcdefghijklmnop"]


def exhibits(report: Report) -> list[Exhibit]:
    shown = page_units.saturation_section(report).exhibits
    return [one for one in shown if one.title.startswith("Up- and down-regulation")]


def by_hand(loaded: Loaded, text: str) -> list[tuple[int, np.ndarray]]:
    """The id of each step and the amounts of its units: [layers, 3, H], by torch's equations."""
    network, layers = loaded.model.network, loaded.settings.layers
    ids = [loaded.vocabulary.bos] if loaded.kind == "language" else []
    ids += loaded.vocabulary.encode(text)
    states = [torch.zeros(loaded.settings.hidden_size) for _ in range(layers)]
    found = []
    for token in ids:
        x, amounts = loaded.model.embedding.weight[token], []
        for number in range(layers):
            weights = (getattr(network, f"{name}_l{number}") for name in NAMES)
            w, u, b, c = (weight.detach() for weight in weights)
            a, d = (w @ x + b).chunk(3), (u @ states[number] + c).chunk(3)
            r, z = torch.sigmoid(a[0] + d[0]), torch.sigmoid(a[1] + d[1])
            x = z * states[number] + (1 - z) * torch.tanh(a[2] + r * d[2])
            states[number] = x
            amounts.append(torch.stack([z, (1 - z) * r, (1 - z) * (1 - r)]))
        found.append((token, torch.stack(amounts).detach().numpy()))
    return found


# What is measured ---------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
def test_amounts_follow_the_equations_over_all_steps_and_by_word(trained: Path, layers: int):
    loaded = untrained(load(trained / "lines"), "gru", layers)
    texts = draw_sample(loaded, many(60), 0).texts
    steps = [step for text in texts for step in by_hand(loaded, text)]
    read = defaultdict(list)
    for token, amounts in steps:
        read[token].append(amounts)
    special = (loaded.vocabulary.bos, loaded.vocabulary.unk)
    words = dict(zip(read, loaded.vocabulary.tokens(read), strict=True))
    assert loaded.vocabulary.unk in read  # the numbers at the ends of lines
    for number, layer in enumerate(measure_layers(loaded, texts, silent)):
        assert layer.regulated is not None
        every = layer.regulated.amounts
        assert every.steps == len(steps)
        means = np.mean([amounts[number] for _, amounts in steps], axis=0)
        np.testing.assert_allclose(every[:3], means, atol=1e-5)
        np.testing.assert_allclose(every.passed, layer.memory.kept, rtol=1e-9)
        listed = layer.regulated.words
        assert set(listed) == {words[i] for i in read if i not in special}
        for token in set(read) - set(special):
            amounts = listed[words[token]]
            assert amounts.steps == len(read[token])
            means = np.mean([one[number] for one in read[token]], axis=0)
            np.testing.assert_allclose(amounts[:3], means, atol=1e-5)


def test_only_the_most_common_words_are_listed(tmp_path: Path):
    corpus = tmp_path / "corpus.txt"
    lines = [" ".join(WORDS[place:]) for place in range(len(WORDS))]  # pp is in all, aa in one
    corpus.write_text("\n".join(lines * 5))
    tiny = Settings(hidden_size=4, embedding_size=3, batch_size=8, epochs=1)
    train_language(corpus, Output(tmp_path / "model"), tiny, by_sentence=True)
    (layer,) = measure_layers(load(tmp_path / "model"), lines, silent)
    assert layer.regulated is not None
    assert {word: of.steps for word, of in layer.regulated.words.items()} == {
        word: place + 1 for place, word in enumerate(WORDS) if place >= len(WORDS) - 12
    }


@pytest.mark.parametrize("network", ["lstm", "srn", "feedforward"])
def test_other_networks_have_none(trained: Path, network: str):
    loaded = untrained(load(trained / "lines"), network)
    layers = measure_layers(loaded, ["the boy fell"], silent)
    assert all(layer.regulated is None for layer in layers)
    assert len(layers) == (network == "lstm")


# What is shown ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["lines", "deep", "letters"])
def test_the_amounts_of_every_unit_add_up_to_1_longest_memory_first(trained: Path, model: str):
    report = gather(trained / model, trained / "corpus.txt", [], 0, no_bar)
    *stacks, _ = exhibits(report)
    assert len(stacks) == len(report.layers)
    for exhibit, layer in zip(stacks, report.layers, strict=True):
        assert exhibit.full_row
        rows = np.array(list(exhibit.numbers.rows))
        assert rows[:, 0].tolist() == layer.memory.order.tolist()
        np.testing.assert_allclose(rows[:, 1:].sum(1), 1, atol=1e-6)
        assert (np.diff(rows[:, 1]) <= 0).all()  # the longer a memory, the more it passes
        assert exhibit.body.layout.barmode == "stack"
        assert [bars.name for bars in exhibit.body.data] == list(AMOUNTS)
        assert len({bars.marker.color for bars in exhibit.body.data}) == 3
        for column, bars in enumerate(exhibit.body.data, start=1):
            assert list(bars.y) == rows[:, column].tolist()
            assert [unit for (unit,) in bars.customdata] == rows[:, 0].tolist()


def test_the_table_starts_with_the_word_at_which_least_is_passed(trained: Path):
    report = gather(trained / "deep", trained / "corpus.txt", [], 0, no_bar)
    page = section(parse(report_page(report, {})), HEADING)
    rows = downloads(page)["regulation_by_word.csv"]
    loaded = load(trained / "deep")
    steps = [step for text in report.sample.texts for step in by_hand(loaded, text)]
    for row in rows:
        (token,) = loaded.vocabulary.encode(row["word"])
        here = [amounts for i, amounts in steps if i == token]
        assert int(row["read"]) == len(here)
        means = np.mean(here, axis=(0, 1, 3))  # over steps, layers and units
        np.testing.assert_allclose([float(row[name]) for name in AMOUNTS], means, atol=1e-5)
    passed = [float(row["passed"]) for row in rows]
    assert passed == sorted(passed)
    assert len(set(passed)) > 1
    (table,) = page.all("table")
    shown = [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")]
    told = [[r["word"], r["read"], *(f"{float(r[name]):.3f}" for name in AMOUNTS)] for r in rows]
    every = np.mean([amounts for _, amounts in steps], axis=(0, 1, 3))
    told.append(["every step", f"{len(steps):,}", *(f"{mean:.3f}" for mean in every)])
    assert shown == told


def test_a_classifiers_table_has_known_words_only_or_is_left_out(trained: Path, tmp_path: Path):
    folder, text = trained / "sentiment", tmp_path / "text.txt"
    text.write_text("zyzzyx\n")
    (alone,) = exhibits(gather(folder, text, [], 0, no_bar))
    assert alone.title == "Up- and down-regulation"
    text.write_text("a zyzzyx book\na book\n")
    (_, table) = exhibits(gather(folder, text, [], 0, no_bar))
    assert {row[:2] for row in table.body.rows} == {("a", "2"), ("book", "2"), ("every step", "5")}


def test_white_space_is_visible(trained: Path):
    report = gather(trained / "letters", trained / "corpus.txt", [], 0, no_bar)
    table = exhibits(report)[-1]
    assert table.title == "Up- and down-regulation by character"
    assert "␣" in [row[0] for row in table.body.rows]
    assert " " in [row[0] for row in table.numbers.rows]
