"""The embedded language: sentences whose true next-word distribution is known."""
