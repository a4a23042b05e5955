"""What the command line does before torch is imported."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import glassgate
import glassgate.cli
from tests.conftest import Run

SPINNING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "MKL_CBWR")
TORCH = f"""
import os, sys
print("torch with", *(os.environ.get(name, "-") for name in {SPINNING}), file=sys.stderr)
os._exit(7)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder whose torch says what it finds when it is imported, and ends there."""
    (tmp_path / "torch.py").write_text(TORCH)
    for name in ("free", "empty"):
        (tmp_path / name).mkdir()
    return tmp_path


def start(folder: Path, *arguments: str, **environment: str) -> list[str]:
    """Run a command up to where it imports torch; return what it said until then."""
    others = {name: value for name, value in os.environ.items() if name not in SPINNING}
    run = subprocess.run(
        [sys.executable, "-m", "glassgate", *arguments],
        cwd=folder,
        env=others | {"PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stdout) == (7, ""), run
    return run.stderr.splitlines()


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("train language a.txt b.txt --output m", "Reading a.txt and 1 more"),
        ("train classifier a.csv --output m", "Reading a.csv"),
        ("compare a.txt --output m", "Reading a.txt"),
        ("predict empty words", "Reading empty"),
        ("score empty a.txt", "Reading empty"),
        ("pairs empty a.jsonl", "Reading empty"),
        ("trace empty words", "Reading empty"),
        ("report empty --text a.txt", "Reading empty"),
        ("demo", "Sampling sentences and dependencies"),
        ("experiment capacity", "Sampling sentences"),
        ("experiment regulators", "Sampling sentences"),
        ("experiment spans", "Sampling sentences"),
        ("experiment vanishing", "Preparing sequences"),
        ("experiment verdict", "Preparing reviews"),
        ("bench", "Timing a GRU, which takes less than a minute"),
    ],
)
def test_every_command_says_what_it_does_before_torch_is_there(
    stand_in: Path, command: str, line: str
):
    assert start(stand_in, *command.split())[0] == line


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "- 1000 0 AUTO,STRICT"),
        ({"OMP_WAIT_POLICY": "active"}, "active - - AUTO,STRICT"),
        ({"GOMP_SPINCOUNT": "5"}, "- 5 0 AUTO,STRICT"),
        ({"KMP_BLOCKTIME": "200"}, "- 1000 200 AUTO,STRICT"),
        ({"MKL_CBWR": "COMPATIBLE"}, "- 1000 0 COMPATIBLE"),
    ],
)
def test_threads_wait_asleep_unless_the_user_says_how(
    stand_in: Path, environment: dict[str, str], found: str
):
    assert start(stand_in, "predict", "empty", "words", **environment)[-1] == f"torch with {found}"


def test_the_benchmark_meets_torch_as_it_is(stand_in: Path):
    assert start(stand_in, "bench")[-1] == "torch with - - - -"


def test_only_the_first_process_speaks(stand_in: Path):
    said = start(stand_in, "train", "language", "a.txt", "--output", "m", RANK="1")
    assert [line for line in said if "torch" not in line] == []


@pytest.mark.parametrize(
    ("missing", "command", "extra"),
    [
        ("typer", "--help", "train"),
        ("rich", "", "train"),
        ("torch", "predict model words", "train"),
        ("matplotlib", "compare a.txt --networks srn --seeds 1 --epochs 1 --output study", "plot"),
        ("plotly", "demo --output study", "plot"),
        ("jinja2", "experiment capacity --output study", "plot"),
        ("sklearn", "report model --text a.txt", "inside"),
    ],
)
@pytest.mark.parametrize(
    "start",
    [
        "from glassgate.cli import main; main()",
        "import runpy; runpy.run_module('glassgate', run_name='__main__')",
    ],
    ids=["glassgate", "python -m glassgate"],
)
def test_a_missing_extra_is_named_in_a_sentence(
    tmp_path: Path, missing: str, command: str, extra: str, start: str
):
    (tmp_path / "a.txt").write_text("the boy fell\n" * 20)
    argv = ["glassgate", *command.split()]
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv = {argv}; {start}"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    last = run.stderr.splitlines()[-1]
    assert (run.returncode, run.stdout) == (2, "")
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "study").exists()  # nothing was trained in vain
    assert last == (
        f"glassgate: this command needs {missing}, which is not installed: "
        f"run pip install 'glassgate[{extra}]'"
    )


def test_a_missing_module_that_no_extra_brings_has_its_traceback():
    missing = "import sys; sys.modules['glassgate.cli.app'] = None"
    code = f"{missing}; from glassgate.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1
    assert "ModuleNotFoundError" in run.stderr


def test_the_version(glassgate_: Run):
    said = glassgate_("--version")
    assert (said.code, said.out, said.err) == (0, f"glassgate {glassgate.__version__}\n", "")


@pytest.mark.parametrize("command", ["", "train", "experiment", "grammar"])
def test_help_needs_no_torch(command: str):
    code = f"""if True:
        import sys
        import glassgate.cli
        sys.argv = ["glassgate", *{command.split()}, "--help"]
        try:
            glassgate.cli.main()
        except SystemExit:
            heavy = {{"torch", "accelerate", "tokenizers", "matplotlib"}} & set(sys.modules)
            print(*heavy, file=sys.stderr)
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in run.stdout
    assert run.stderr.strip() == ""


# Ctrl-C ------------------------------------------------------------------------------------------

PRESSED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
CAUGHT = "import os, signal\ntry: os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException: pass\n"


@pytest.mark.parametrize(
    ("package", "code", "said"),
    [
        ("numpy", PRESSED, ""),
        ("typer", PRESSED, ""),
        ("typer", CAUGHT, ""),
        ("rich", CAUGHT, ""),
        ("torch", PRESSED, "Reading .\n"),
    ],
)
def test_ctrl_c_while_a_package_is_imported_ends_quietly(
    tmp_path: Path, package: str, code: str, said: str
):
    (tmp_path / f"{package}.py").write_text(code)
    run = subprocess.run(
        [sys.executable, "-m", "glassgate", "predict", ".", "words"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stdout) == (130, "")
    assert run.stderr in (said, said + "\n")  # a line of its own after a terminal's ^C


@pytest.mark.parametrize("command", ["train language", "compare", "demo"])
@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0])
def test_ctrl_c_at_any_moment_of_the_start_ends_quietly(
    tmp_path: Path, corpus: Path, command: str, seconds: float
):
    name, *more = command.split()
    long = ["--epochs", "9999", "--patience", "9999"]  # still trains when it is stopped
    texts = [] if name == "demo" else [str(corpus), *long]
    with subprocess.Popen(
        [sys.executable, "-m", "glassgate", name, *more, *texts, "--output", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first.startswith(("Reading ", "Sampling "))
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    # Where Ctrl-C comes while `exec` runs the text of code, as dataclasses do, `python -m` ends by
    # SIGINT although the exception was handled. To a shell both are 130.
    assert process.returncode in (130, -signal.SIGINT), rest
    assert "Traceback" not in rest
    assert not (tmp_path / "out").exists() or (tmp_path / "out/state.safetensors").exists()


def test_without_ctrl_c_the_handler_of_before_is_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["glassgate", "--version"])
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        glassgate.cli.main()
    assert signal.getsignal(signal.SIGINT) is before
