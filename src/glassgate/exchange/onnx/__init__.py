"""GRUs of ONNX: arrays, nodes and files."""
