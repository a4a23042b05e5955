"""How fast a GRU runs, beside torch's and beside what the machine can do at all."""
