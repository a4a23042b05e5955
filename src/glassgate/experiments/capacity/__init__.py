"""How many parameters does it take? Networks of equal size compared."""
