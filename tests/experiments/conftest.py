"""Experiments of the tests run in one process, unless a test asks for workers."""

import pytest


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.backends.allowed_cores", lambda: 1)
