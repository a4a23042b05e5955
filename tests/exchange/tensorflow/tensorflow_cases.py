"""SavedModel folders made by hand, from the formats' specifications."""

import json
import struct

import numpy as np

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FLOAT, STRING = 1, 7
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def varint(value):
    data = b""
    while value > 127:
        data, value = data + bytes([value % 128 + 128]), value // 128
    return data + bytes([value])


def field(number, value):
    """Return a field of a protocol buffer: an integer, or bytes with their length."""
    if isinstance(value, int):
        return varint(8 * number) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(8 * number + 2) + varint(len(value)) + value


def block(entries, compression=0):
    """Return a block of a table, its keys shortened by what they share with the one before."""
    data, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        data += key[shared:] + value
        before = key
    return data + struct.pack("<II", 0, 1) + bytes([compression]) + bytes(4)


def table(entries, compression=0):
    inner = block(sorted(entries.items()), compression)
    empty, start = block([]), len(inner)
    handle = varint(0) + varint(start - 5)
    index = block([(b"z", handle)])
    places = varint(start) + varint(len(empty) - 5)
    places += varint(start + len(empty)) + varint(len(index) - 5)
    return inner + empty + index + places.ljust(40, b"\0") + MAGIC


def bundle(folder, tensors, changes=None, compression=0):
    """Write a bundle of arrays and texts; `changes` replace entries of the index."""
    entries, data = {b"": field(1, 1)}, b""
    for key, value in tensors.items():
        if isinstance(value, bytes):
            numbers, kind, shape = varint(len(value)) + bytes(4) + value, STRING, ()
        else:
            numbers, kind, shape = value.tobytes(), FLOAT, value.shape
        axes = b"".join(field(2, field(1, length)) for length in shape)
        place = field(4, len(data)) + field(5, len(numbers))
        entries[key.encode()] = field(1, kind) + field(2, axes) + place
        data += numbers
    entries |= changes or {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "variables.index").write_bytes(table(entries, compression))
    (folder / "variables.data-00000-of-00001").write_bytes(data)


def object_graph(variables):
    """Return the object graph that leads to variables, by their paths: {"a/cell/kernel": key}."""
    nodes = [({}, None)]
    for path, key in variables.items():
        here = 0
        for part in path.split("/"):
            children = nodes[here][0]
            if part not in children:
                children[part] = len(nodes)
                nodes.append(({}, None))
            here = children[part]
        nodes[here] = ({}, key)
    data = b""
    for children, key in nodes:
        node = b"".join(
            field(1, field(1, number) + field(2, name)) for name, number in children.items()
        )
        if key is not None:
            node += field(2, field(1, "VARIABLE_VALUE") + field(3, key))
        data += field(1, node)
    return data


def saved_model(folder, model, arrays, version="2.15.0", **changes):
    """Write a SavedModel of Keras 2.

    `arrays` are those of each layer by the path of its objects, such as "layer-1/cell", and the
    layer's name: {("layer_with_weights-0", "gru"): {"cell": [kernel, recurrent_kernel, bias]}}.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_bytes(b"\x08\x01")
    root = {"name": "model", "model_config": model, "keras_version": version}
    nodes = [("root", root)]
    paths, tensors = {}, {}
    for (place, name), parts in arrays.items():
        nodes.append((f"root.{place.replace('/', '.')}", {"name": name}))
        for inner, values in parts.items():
            for word, array in zip(("kernel", "recurrent_kernel", "bias"), values, strict=False):
                path = f"{place}/{inner}/{word}".replace("//", "/")
                key = f"variables/{len(paths)}/.ATTRIBUTES/VARIABLE_VALUE"
                paths[path], tensors[key] = key, np.asarray(array, np.float32)
    metadata = b"".join(
        field(1, field(3, place) + field(4, "_tf_keras_layer") + field(5, json.dumps(config)))
        for place, config in nodes
    )
    (folder / "keras_metadata.pb").write_bytes(metadata)
    bundle(folder / "variables", {GRAPH: object_graph(paths), **tensors}, **changes)
    return folder


def flat(folder):
    """Write a small SavedModel with its files in one folder, as `tests.fuzz` damages it."""
    from tests.exchange.keras.keras_cases import gru, layer_arrays, sequential

    places = {("layer_with_weights-0", "gru"): {"cell": layer_arrays(2, 3)}}
    saved_model(folder / "whole", sequential(gru(units=3)), places)
    (folder / "whole/keras_metadata.pb").rename(folder / "model.pb")
    for path in list((folder / "whole/variables").iterdir()):
        path.rename(folder / path.name)
    (folder / "whole/saved_model.pb").unlink()
    (folder / "whole/variables").rmdir()
    (folder / "whole").rmdir()
