"""Four networks learn one language, and the gates show how the GRU remembers."""
