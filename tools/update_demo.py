"""Copy the figures of a demo into README and manual: python tools/update_demo.py demo."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from glassgate.experiments.demo.summary import accuracy_at
from glassgate.experiments.demo.tables import overview, phrase_table
from glassgate.pages.content import Table
from glassgate.speed.host import describe_host

ROOT = Path(__file__).parent.parent
PHRASE = "the boy fell down and hurt"
HELD = "kept=0 reset=0"
SHOWN = (4, 7)  # lines of each prediction: its heading, and the likeliest words


def main(demo: Path) -> None:
    """Replace what stands between marks in README.md and docs/demo.md; copy picture and numbers."""
    results = json.loads((demo / "results.json").read_text())
    host = describe_host()
    table = overview(results)
    made = f"{table.caption}; on one thread of {host['processor']} ({host['target']})"
    blocks = {
        "demo": f"{markdown(table)}\n\n*{made}*",
        "phrase": markdown(phrase_table(results["phrase"])),
        "predict": f"```text\n{predictions(demo / 'models' / 'gru')}\n```",
    }
    for page in (ROOT / "README.md", ROOT / "docs" / "demo.md"):
        text = page.read_text()
        for name, block in blocks.items():
            text = replace_block(text, name, block)
        page.write_text(replace_shares(text, results))
    shutil.copy(demo / "gates.png", ROOT / "docs" / "gates.png")
    shutil.copy(demo / "results.json", ROOT / "docs" / "demo.json")


def markdown(table: Table) -> str:
    """Return a table in Markdown."""
    lines = [
        "| " + " | ".join(table.columns) + " |",
        "|---|" + "---:|" * (len(table.columns) - 1),
        *("| " + " | ".join(row) + " |" for row in table.rows),
    ]
    return "\n".join(lines)


def predictions(model: Path) -> str:
    """Return two commands and the first lines that they print, without and with gates held."""
    commands = [f'glassgate predict {model} "{PHRASE}"']
    commands.append(f'{commands[0]} --clamp "{HELD}"')
    printed = []
    for command, count in zip(commands, SHOWN, strict=True):
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            capture_output=True,
            text=True,
            check=True,
        )
        printed += [f"$ {command}", *done.stdout.splitlines()[:count], "..."]
    return "\n".join(printed)


def replace_block(text: str, name: str, block: str) -> str:
    """Replace what stands between the marks of this name, if they are in the text."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    return re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{block}\n{end}", text, flags=re.S)


def replace_shares(text: str, results: dict[str, Any]) -> str:
    """Replace the shares of choices that the SRN and the GRU win across ten words and more."""
    networks = {network["name"]: network for network in results["networks"]}
    srn, gru = (accuracy_at(networks[name]["agreement"], 10) for name in ("srn", "gru"))
    pattern = r"(SRN wins\s+)[\d.]+%([^%]*ten words and more,\s+the\s+GRU\s+)[\d.]+%"
    return re.sub(pattern, lambda found: f"{found[1]}{srn:.1%}{found[2]}{gru:.1%}", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
