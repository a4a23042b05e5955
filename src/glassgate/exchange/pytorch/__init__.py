"""GRUs of PyTorch: arrays and files."""
