"""The report on a classifier: connectivity of its classes, and the gradient of its prediction."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate.analysis.report import gather
from glassgate.analysis.report.gradient import measure_flow
from glassgate.analysis.report.page import units as page_units
from glassgate.analysis.report.units import read
from glassgate.train import load
from glassgate.train.run import new_model
from tests.analysis.report.test_numbers import no_bar


@pytest.mark.parametrize("network", ["gru", "lstm", "srn", "feedforward"])
def test_connectivity_of_classes(trained: Path, network: str):
    loaded = load(trained / "sentiment")
    settings = replace(loaded.settings, network=network, seed=3)
    model = new_model("classifier", loaded.vocabulary, loaded.classes, settings).eval()
    reading = read(replace(loaded, model=model, settings=settings), "a good zyzzyx book")
    assert (reading.words, reading.outputs) == (("a", "good", "zyzzyx", "book"), loaded.classes)
    ids = torch.tensor(loaded.vocabulary.encode("a good zyzzyx book"))
    embedded = model.embedding(ids[:, None]).detach().requires_grad_()
    logits = model.readout(model.network(embedded)[0][-1, 0])
    assert reading.connectivity is not None
    for row, logit in zip(reading.connectivity, logits, strict=True):
        (gradient,) = torch.autograd.grad(logit, embedded, retain_graph=True)
        np.testing.assert_allclose(row, gradient.norm(dim=-1)[:, 0], rtol=1e-5, atol=1e-9)
    assert (reading.connectivity[:, :-1].any()) == (network != "feedforward")


def test_connectivity_of_classes_is_drawn_as_it_is_downloaded(trained: Path):
    report = gather(trained / "sentiment", trained / "corpus.txt", ["a good book"], 0, no_bar)
    (reading,) = report.readings
    (exhibit,) = page_units.connectivity_section(report).exhibits
    (drawn,) = exhibit.body.data
    np.testing.assert_array_equal(drawn.z, reading.connectivity)
    rows = list(exhibit.numbers.rows)
    assert [row[:3] for row in rows] == [
        (name, step, word) for name in reading.outputs for step, word in enumerate(reading.words)
    ]
    assert [row[3] for row in rows] == reading.connectivity.ravel().tolist()
    assert list(exhibit.body.layout.yaxis.ticktext) == list(reading.outputs)


def test_a_classifiers_gradient_is_that_of_the_predicted_class(trained: Path):
    loaded = load(trained / "sentiment")
    flow = measure_flow(loaded, ["a good book"] * 3, seed=0)
    assert flow is not None
    tokens = torch.tensor(loaded.vocabulary.encode("a good book"))[:, None]
    hidden = loaded.model.network(loaded.model.embedding(tokens))[0]
    last = hidden[-1].detach().requires_grad_()
    loss = -loaded.model.readout(last).log_softmax(-1).max()
    (grad,) = torch.autograd.grad(loss, last)
    assert flow.norms[0] == pytest.approx(grad.norm().item(), rel=1e-4)
    assert len(flow.norms) == 3
