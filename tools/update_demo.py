"""Copy the table and picture of a demo into the manual: python tools/update_demo.py demo."""

import json
import re
import shutil
import sys
from pathlib import Path

from glassgate.experiments.demo.tables import overview

ROOT = Path(__file__).parent.parent


def main(demo: Path) -> None:
    """Replace the table between the marks in docs/demo.md; copy the picture and the numbers."""
    table = overview(json.loads((demo / "results.json").read_text()))
    lines = [
        "| " + " | ".join(table.columns) + " |",
        "|---|" + "---:|" * (len(table.columns) - 1),
        *("| " + " | ".join(row) + " |" for row in table.rows),
    ]
    block = "\n".join(
        ["<!-- demo:begin -->", *lines, "", f"*{table.caption}*", "<!-- demo:end -->"]
    )
    page = ROOT / "docs" / "demo.md"
    text = re.sub(
        "<!-- demo:begin -->.*<!-- demo:end -->", lambda _: block, page.read_text(), flags=re.S
    )
    page.write_text(text)
    shutil.copy(demo / "gates.png", ROOT / "docs" / "gates.png")
    shutil.copy(demo / "results.json", ROOT / "docs" / "demo.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
