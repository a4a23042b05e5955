"""Writes gru-version-1.safetensors, as it was written once; what reads the format must read it.

Byte by byte, without Glassgate: the file says what version 1 is, whatever becomes of the writer.
"""

import json
import struct
from pathlib import Path

PATH = Path(__file__).with_name("gru-version-1.safetensors")
SHAPES = {"weight_input": [3, 2], "weight_hidden": [3, 1], "bias_input": [3], "bias_hidden": [3]}
SAID = {
    "format": "gru",
    "version": 1,
    "formulation": {
        "update": "writes",
        "reset": "before",
        "gate": "hard_sigmoid_fifth",
        "squash": "relu",
    },
    "plan": {"layers": 2, "directions": 2, "input_size": 2, "hidden_size": 1, "dtype": "float32"},
}


def file() -> bytes:
    """Count 0, 1, 2 ... through the arrays, layer by layer."""
    header: dict[str, object] = {"__metadata__": {"glassgate": json.dumps(SAID)}}
    count = 0
    for place in ("layer0.forward", "layer0.reverse", "layer1.forward", "layer1.reverse"):
        for name, shape in SHAPES.items():
            values = shape[0] * (shape[1] if len(shape) == 2 else 1)
            offsets = [4 * count, 4 * (count + values)]
            header[f"{place}.{name}"] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
            count += values
    said = json.dumps(header).encode()
    said += b" " * (-len(said) % 8)
    return struct.pack("<Q", len(said)) + said + struct.pack(f"<{count}f", *range(count))


if __name__ == "__main__":
    PATH.write_bytes(file())
