"""The endings of the files that Keras writes."""

import pytest


@pytest.fixture(params=[".keras", ".h5"])
def kind(request):
    return request.param
