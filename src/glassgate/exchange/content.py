"""Tells what kind of file a file is: by its first bytes or, where they do not say, by its name.

People rename files, and training scripts save under endings of their own. A file that no reader
takes is named for what it is, with what to do instead.
"""

from __future__ import annotations

from pathlib import Path

from glassgate.errors import BadInput

HEAD = 512  # bytes that are looked at
KINDS = {  # by the ending of a file's name, where its content does not say
    ".safetensors": "safetensors",
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".tar"), "PyTorch"),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), "Keras"),
    ".onnx": "ONNX",
    ".pb": "frozen graph",
}
HDF5, ZIP, PICKLE = b"\x89HDF\r\n\x1a\n", b"PK\3\4", b"\x80\x02"
FIRST_MEMBERS = {  # of a zip, by how their names begin or end
    "Keras": ("metadata.json", "config.json", "model.weights.h5"),
    "PyTorch": ("/data.pkl", "/data/0", "/constants.pkl", "/version", "/byteorder"),
}
# What no reader takes: how it begins, what it is, and what to do.
OTHERS = (
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, not the file itself: fetch it with `git lfs pull`",
    ),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"\xfd7zXZ\0", "compressed by xz: unpack it first"),
    (b"BZh", "compressed by bzip2: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"<!DOCTYPE", "a web page, not the file itself: download the file that it links to"),
    (b"<html", "a web page, not the file itself: download the file that it links to"),
    (b"\x93NUMPY", "a NumPy array: pass a cell's arrays to glassgate.GRUWeights.from_gates"),
)
TFLITE = b"TFL3"
SOURCE = "give the file that it was made from, such as .keras or .h5"
SAVED_MODEL = "saved_model.pb"  # in a folder that TensorFlow wrote
NPZ = "NumPy arrays (.npz): pass a cell's arrays to glassgate.GRUWeights.from_gates"


def kind_of(path: Path) -> str:
    """Return the kind of a file: a value of `KINDS`.

    Raises
    ------
    BadInput
        When it is a file of another kind, or nothing says of which kind it is.
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(0, 2)
        size = file.tell()
    for start, description in OTHERS:
        if head.lstrip().lower().startswith(start.lower()):
            raise BadInput(f"{path} is {description}")
    if head[4:8] == TFLITE:
        raise BadInput(f"{path} is a TensorFlow Lite model, which is not read: {SOURCE}")
    kind = _kind_of_content(head, size, path) or KINDS.get(path.suffix.lower())
    if kind is None:
        raise BadInput(
            f"{path} cannot be read: neither its content nor its name says what it is; the name "
            f"must end in one of {', '.join(KINDS)}"
        )
    return kind


def _kind_of_content(head: bytes, size: int, path: Path) -> str | None:
    if head.startswith(HDF5):
        return "Keras"
    if head.startswith(ZIP):
        return _kind_of_zip(head, path)
    if head.startswith(PICKLE):
        return "PyTorch"  # its format before version 1.6
    header = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and header <= size:
        return "safetensors"
    return None


def _kind_of_zip(head: bytes, path: Path) -> str | None:
    """Tell the kind of a zip by the name of its first member."""
    length = int.from_bytes(head[26:28], "little")
    name = head[30 : 30 + length].decode(errors="replace")
    for kind, parts in FIRST_MEMBERS.items():
        if name.startswith(parts) or name.endswith(parts):
            return kind
    if name.endswith(".npy"):
        raise BadInput(f"{path} holds {NPZ}")
    return None


def is_saved_model(path: Path) -> bool:
    """Whether a path is a folder that TensorFlow wrote."""
    return (path / SAVED_MODEL).is_file()
