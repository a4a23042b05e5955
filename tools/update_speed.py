"""Write the times of a benchmark run into the manual: python tools/update_speed.py FILE."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
RIVALS = [
    "torch.nn.GRU",
    "torch.nn.GRU padded",
    "ONNX Runtime",
    "OpenVINO",
    "oneDNN 3.2",
    "oneDNN 3.13",
]
MARKS = "<!-- speed:begin -->", "<!-- speed:end -->"
SHOWN = [
    "step H=64",
    "T=100 B=1 H=256",
    "T=100 B=32 H=256",
    "training T=100 B=32 H=128",
]  # in the README


def main(results: Path) -> None:
    """Store in docs/speed.json what the tables need, and write the tables."""
    run = json.loads(results.read_text())
    kept = {
        "host": run["host"],
        "versions": run["versions"],
        "works": [
            {
                "name": work["name"],
                "threads": work["threads"],
                "medians": {
                    contender["name"]: contender["median"] for contender in work["contenders"]
                },
                "floors": _floors(work),
            }
            for work in run["works"]
        ],
    }
    (ROOT / "docs" / "speed.json").write_text(json.dumps(kept, indent=1) + "\n")
    write(ROOT / "docs" / "engine.md", table(kept))
    write(ROOT / "README.md", table(kept, SHOWN))


def write(page: Path, text: str) -> None:
    """Replace the text between a page's marks."""
    block = "\n".join([MARKS[0], text, MARKS[1]])
    page.write_text(
        re.sub("{}.*{}".format(*MARKS), lambda _: block, page.read_text(), flags=re.DOTALL)
    )


def _floors(work: dict) -> float:
    contenders = {contender["name"]: contender for contender in work["contenders"]}
    return contenders["glassgate"]["times_as_long_as"]["floor"]


def table(kept: dict, names: list[str] | None = None) -> str:
    """Return the table of the named works, or of all: medians, and ours in floors."""
    host = kept["host"]
    works = [work for work in kept["works"] if names is None or work["name"] in names]
    rivals = [name for name in RIVALS if any(name in work["medians"] for work in works)]
    lines = [
        f"Medians on two cores ({host['processor']}, {host['target']}), float32, I = H; single "
        "steps on one thread.",
        "*Floors*: Glassgate's time as a multiple of the least time that the machine needs for the "
        "arithmetic, or for reading the weights, measured in the same rounds.",
        "",
        "| work | glassgate | floors | " + " | ".join(rivals) + " |",
        "|---|" + "---:|" * (len(rivals) + 2),
    ]
    for work in works:
        times = [_time(work["medians"].get(name)) for name in rivals]
        ours = [_time(work["medians"]["glassgate"]), f"{work['floors']:.2f}"]
        name = work["name"].replace(" ", "\N{NO-BREAK SPACE}")
        lines.append(f"| {name} | " + " | ".join(ours + times) + " |")
    return "\n".join(lines)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    unit, factor = ("µs", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds * factor:.3g} {unit}" if seconds < 1 else f"{seconds * factor:.0f} {unit}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
