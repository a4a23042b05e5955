"""The page of `glassgate report`: it is complete, offers its numbers and fetches nothing."""

import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from glassgate.analysis.report import Report, gather
from glassgate.analysis.report.page import report_page
from glassgate.analysis.report.page import units as page_units
from glassgate.pages.exhibits import Numbers
from glassgate.train.model import load
from tests.analysis.report.test_numbers import no_bar
from tests.pages.page_parts import downloads, parse

MODELS = ["stream", "lines", "letters", "deep", "srn", "lstm", "feedforward", "sentiment"]
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def pages(trained: Path) -> dict[str, str]:
    found = {name: gather(trained / name, trained / "corpus.txt", [], 0, no_bar) for name in MODELS}
    return {name: report_page(report, {"seed": "0"}) for name, report in found.items()}


# What every page has ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_figure_has_an_explanation_a_definition_and_its_numbers(pages, model):
    page = parse(pages[model])
    exhibits = page.all("div", class_="exhibit")
    assert len(exhibits) >= 6
    for exhibit in exhibits:
        reading = exhibit.one("p", class_="reading").text
        assert reading.endswith(".")
        assert ". " not in reading  # one sentence
        button = exhibit.one("button")
        (definition,) = page.all(id=str(button.attributes["aria-describedby"]))
        assert definition.attributes["role"] == "tooltip"
        assert len(definition.text) > 40
        assert definition.text.startswith(
            str(button.attributes["aria-label"]).removeprefix("What is meant by ")
        )
        assert exhibit.one("h3").text
        drawn = exhibit.all("div", class_="plotly-graph-div") + exhibit.all("table")
        drawn += exhibit.all("div", class_="coloured")
        assert len(drawn) == 1
        ((_, rows),) = downloads(exhibit).items()
        assert rows
        assert all(None not in row.values() for row in rows)
    identifiers = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(identifiers) == len(set(identifiers))
    for figure in page.all("div", class_="plotly-graph-div"):
        inside = [e for e in page.all("div", class_="exhibit") if figure in e.all("div")]
        assert len(inside) == 1  # no figure stands without all this


@pytest.mark.parametrize("model", MODELS)
def test_every_question_has_figures_or_a_sentence(pages, model):
    page = parse(pages[model])
    headings = [s.one("h2").text for s in page.all("section")]
    assert headings == [
        "How did it learn?",
        "How long does each unit remember?",
        "How far do the gates open?",
        "What does each unit do, word by word?",
        "What do single units follow?",
        "Which earlier words matter?",
        "Which characters does it treat alike?"
        if model == "letters"
        else "Which words does it treat alike?",
        "How far back does the gradient reach?",
        "What surprises it?",
        "What are its parameters?",
    ]
    left_out = {
        s.one("h2").text: s.one("p").text
        for s in page.all("section")
        if not s.all("div", class_="exhibit")
    }
    no_gates = {"How long does each unit remember?", "How far do the gates open?"}
    expected = {
        "srn": no_gates,
        "feedforward": no_gates | {"How far back does the gradient reach?"},
        "sentiment": {"What surprises it?", "Which words does it treat alike?"},
    }
    assert set(left_out) == expected.get(model, set())
    for sentence in left_out.values():
        assert sentence.endswith(".")
        assert re.match("(An SRN|A classifier|A feedforward network|The sample) ", sentence)


# The numbers --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep(trained: Path) -> Report:
    return gather(trained / "deep", trained / "corpus.txt", ["the boy zyzzyx fell"], 0, no_bar)


@pytest.fixture(scope="module")
def files(deep: Report) -> dict[str, list[dict[str, str]]]:
    return downloads(parse(report_page(deep, {})))


def test_learning_and_parameter_files_hold_the_measurements(trained: Path, files):
    history = [
        json.loads(line) for line in (trained / "deep" / "metrics.jsonl").read_text().splitlines()
    ]
    assert [
        (int(row["epoch"]), float(row["training"]), float(row["held_out"]))
        for row in files["loss.csv"]
    ] == [(line["epoch"], line["train_loss"], line["valid_loss"]) for line in history]
    assert [float(row["perplexity"]) for row in files["perplexity.csv"]] == [
        line["valid_perplexity"] for line in history
    ]
    model = load(trained / "deep").model
    assert sum(int(row["size"]) for row in files["parameters.csv"]) == sum(
        weight.numel() for weight in model.parameters()
    )


def test_unit_files_hold_the_measurements(deep: Report, files):
    for number, layer in enumerate(deep.layers):
        for row in files[f"spans_layer{number}.csv"]:
            unit = int(row["unit"])
            assert float(row["mean_kept_share"]) == layer.memory.kept[unit]
            assert float(row["memory_span"]) == layer.memory.span[unit]
        spans = [float(row["memory_span"]) for row in files[f"spans_layer{number}.csv"]]
        assert spans == sorted(spans, reverse=True)
        for row in files[f"saturation_layer{number}.csv"]:
            for gate, found in layer.saturation.items():
                assert float(row[f"{gate}_below"]) == found.left[int(row["unit"])]
                assert float(row[f"{gate}_above"]) == found.right[int(row["unit"])]
        for gate, values in deep.readings[0].layers[number].items():
            rows = files[f"{gate}_layer{number}_text1.csv"]
            assert len(rows) == values.size
            for row in rows:
                step, unit = int(row["step"]), int(row["unit"])
                assert np.float32(row[gate]) == values[step, unit]
                assert row["word"] == deep.readings[0].words[step]


def test_connectivity_files_hold_the_measurements(deep: Report, files):
    (reading,) = deep.readings
    connectivity = reading.connectivity
    assert connectivity is not None
    rows = files["connectivity_text1.csv"]
    assert len(rows) == 4 * 5 // 2
    for row in rows:
        value = connectivity[int(row["step"]) - 1, int(row["of_step"])]
        assert np.float32(row["norm"]) == value
        assert reading.words[int(row["step"])] == row["word"]
        assert reading.words[int(row["of_step"])] == row["of_word"]
    assert deep.flow is not None
    assert [float(row["norm"]) for row in files["gradient.csv"]] == deep.flow.norms.tolist()


def test_surprisal_files_hold_the_measurements(deep: Report, files):
    assert deep.surprisals is not None
    bits = deep.surprisals.bits
    for row in files["surprisals.csv"]:
        low, high = float(row["from_bits"]), float(row["to_bits"])
        assert int(row["words"]) == ((low <= bits) & (bits < high)).sum()
    assert sum(int(row["words"]) for row in files["surprisals.csv"]) == len(bits)
    for which in ("most", "least"):
        words = getattr(deep.surprisals, which)
        assert [(row["word"], float(row["bits"])) for row in files[f"{which}_surprising.csv"]] == [
            (one.word, one.bits) for one in words
        ]


def test_figures_show_the_numbers_of_their_files(trained: Path):
    report = gather(trained / "stream", trained / "corpus.txt", [], 0, no_bar)
    (spans,) = page_units.memory_section(report).exhibits
    assert list(spans.body.data[0].y) == [row[2] for row in spans.numbers.rows]
    saturation, *_ = page_units.saturation_section(report).exhibits
    for place, points in enumerate(saturation.body.data):
        rows = list(saturation.numbers.rows)
        assert list(points.x) == [row[1 + 2 * place] for row in rows]
        assert list(points.y) == [row[2 + 2 * place] for row in rows]
    for gates in page_units.gates_section(report).exhibits:
        (drawn,) = gates.body.data
        for step, word, unit, value in gates.numbers.rows:
            (place,) = [i for i, row in enumerate(drawn.customdata) if row[0][1] == unit]
            assert drawn.z[place][step] == value
            assert word == report.readings["text2" in gates.numbers.file].words[step]
    for connected in page_units.connectivity_section(report).exhibits:
        (drawn,) = connected.body.data
        for after, _, before, _, value in connected.numbers.rows:
            assert drawn.z[after - 1][before] == value


def test_numbers_and_words_survive_the_csv():
    rows = [('say "a, b"', np.float32(0.1), 1 / 3), ("line\nbreak", math.inf, 7)]
    page = parse(
        f'<a download="x.csv" href="{Numbers("x.csv", ("word", "a", "b"), rows).link()}"></a>'
    )
    first, second = downloads(page)["x.csv"]
    assert first["word"] == 'say "a, b"'
    assert np.float32(first["a"]) == np.float32(0.1)
    assert float(first["b"]) == 1 / 3
    assert second == {"word": "line\nbreak", "a": "inf", "b": "7"}


# Nothing is fetched -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_the_page_fetches_nothing_and_forbids_fetching(pages, model):
    page = parse(pages[model])
    policy = [m.attributes["content"] for m in page.all("meta") if "http-equiv" in m.attributes]
    assert policy == [
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    ]
    for element in page.all():
        assert "src" not in element.attributes
        assert "srcset" not in element.attributes
        assert element.tag not in ("link", "iframe", "object", "embed", "img", "base", "form")
        if "href" in element.attributes:
            assert re.match(r"#section-\d+$|data:text/csv;", str(element.attributes["href"]))
    for style in page.all("style"):
        assert "url(" not in style.text
        assert "@import" not in style.text


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page with")
def test_a_browser_draws_every_figure_and_blocks_nothing(pages, tmp_path: Path):
    page = pages["deep"]
    shown, said = opened(page, tmp_path)
    assert said == []
    drawn = [tag for tag in figures(shown) if "js-plotly-plot" in tag]
    assert len(drawn) == len(parse(page).all("div", class_="plotly-graph-div")) > 8
    asking = page.replace("<main>", '<main><img src="http://glassgate.invalid/picture.png">')
    (refused,) = opened(asking, tmp_path)[1]
    assert "glassgate.invalid" in refused
    assert "Content Security Policy" in refused


def figures(html: str) -> list[str]:
    return re.findall(r'<div id="exhibit-[^>]*-figure"[^>]*>', html)


def opened(html: str, folder: Path) -> tuple[str, list[str]]:
    """Open a page in a browser; return the resulting document and the console's messages."""
    page = folder / "page.html"
    page.write_text(html)
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
        "--no-first-run", "--enable-logging=stderr", "--virtual-time-budget=6000",
        f"--user-data-dir={folder / 'profile'}", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
