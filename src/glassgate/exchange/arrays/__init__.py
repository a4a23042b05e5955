"""GRUs of tools that give their weights as arrays: equinox, flax, haiku, TensorFlow 1."""
