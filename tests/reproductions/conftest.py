"""Reproductions that take no time: one process unless a test asks for more."""

import pytest


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("glassgate.train.backends.allowed_cores", lambda: 1)
