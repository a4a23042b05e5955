"""The explorer: a page in which trained networks run, and gates can be held.

`write_explorer` writes it to a file, and `explore` shows it in a notebook. The page is one HTML
text that holds networks and programs alike, and asks no server for anything.

Read `payload` (what stands in the page: weights, vocabularies, grammar, sentences), `page` (the
HTML text around it, made from the files in `web/`) and `notebook`. In `web/`, `core/` computes,
`app/` holds the state of the page, and `views/` has a file for each view.

The names below are public.
"""

from typing import TYPE_CHECKING

from glassgate.doors import lazy

if TYPE_CHECKING:
    from glassgate.explorer.notebook import Explorer, explore
    from glassgate.explorer.page import write_explorer
    from glassgate.explorer.payload import Content

__all__ = ["Content", "Explorer", "explore", "write_explorer"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Content": "payload",
        "Explorer": "notebook",
        "explore": "notebook",
        "write_explorer": "page",
    },
)
