"""Long-distance units: what breaks when the units with the longest memory forget."""
