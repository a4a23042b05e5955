"""The explorer in a notebook: shown in place, in a frame of its own."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

from glassgate.explorer.page import page
from glassgate.explorer.payload import Content
from glassgate.train import Loaded

HEIGHT = 900  # pixels of the frame


@dataclass(frozen=True, repr=False)
class Explorer:
    """A page that a notebook shows; `page` is its HTML."""

    page: str

    def _repr_html_(self) -> str:
        """Return a frame with the page in it, so that its styles stay apart from the notebook's."""
        return (
            f'<iframe title="Glassgate explorer" width="100%" height="{HEIGHT}" '
            f'style="border: 0" srcdoc="{html.escape(self.page)}"></iframe>'
        )

    def __repr__(self) -> str:
        """Say how to see the page where there is no HTML."""
        return f"Explorer(page of {len(self.page):,} characters, which a notebook shows)"


def explore(
    model: Loaded | Mapping[str, Loaded], text: str = "", *, large: bool = False
) -> Explorer:
    """Show a trained model at work in a notebook: read a text, hold gates, see what changes.

    Parameters
    ----------
    model
        From `glassgate.load`; or several by name, to compare them.
    text
        Sentences, one a line, or a text. The page opens with the first.
    large
        Allow more than 20 MB of weights.

    Raises
    ------
    BadInput
        When the weights take more than 20 MB and `large` is not set.

    Examples
    --------
    ::

        model = glassgate.load("demo/models/gru")
        glassgate.explore(model, "the boy fell down and hurt")
    """
    models = model if isinstance(model, Mapping) else {_name(model): model}
    return Explorer(page(Content(models, text=text), large=large))


def _name(model: Loaded) -> str:
    return str(model.settings.network)
