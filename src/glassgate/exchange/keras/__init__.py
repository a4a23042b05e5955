"""GRUs of Keras: arrays, layers and files."""
