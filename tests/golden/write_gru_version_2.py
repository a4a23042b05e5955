"""Writes gru-version-2.safetensors, as it was written once; what reads the format must read it.

Byte by byte, without Glassgate: the file says what version 2 is, whatever becomes of the writer.
"""

import json
import struct
from pathlib import Path

PATH = Path(__file__).with_name("gru-version-2.safetensors")
LAYERS = [
    {"hidden_size": 2, "directions": ["reverse", "forward"], "merge": "sum", "order": "read"},
    {"hidden_size": 1, "directions": ["forward"], "merge": "concat", "order": "time"},
]
SAID = {
    "format": "gru",
    "version": 2,
    "formulation": {"update": "keeps", "reset": "none", "gate": "sigmoid", "squash": "linear"},
    "plan": {"layers": LAYERS, "input_size": 1, "dtype": "float64"},
}


def file() -> bytes:
    """Count 0, 1, 2 ... through the arrays, layer by layer."""
    header: dict[str, object] = {"__metadata__": {"glassgate": json.dumps(SAID)}}
    count, I = 0, 1
    for i, layer in enumerate(LAYERS):
        H = layer["hidden_size"]
        shapes = {"weight_input": [3 * H, I], "weight_hidden": [3 * H, H]}
        shapes |= {"bias_input": [3 * H], "bias_hidden": [3 * H]}
        for direction in layer["directions"]:
            for name, shape in shapes.items():
                values = shape[0] * (shape[1] if len(shape) == 2 else 1)
                said = {"dtype": "F64", "shape": shape}
                said["data_offsets"] = [8 * count, 8 * (count + values)]
                header[f"layer{i}.{direction}.{name}"] = said
                count += values
        I = H
    said = json.dumps(header).encode()
    said += b" " * (-len(said) % 8)
    return struct.pack("<Q", len(said)) + said + struct.pack(f"<{count}d", *range(count))


if __name__ == "__main__":
    PATH.write_bytes(file())
