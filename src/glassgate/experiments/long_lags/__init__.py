"""Problems whose answer lies many steps back, and the networks that are trained on them.

Read `problems.py` (what is to be learned), `networks.py` (what learns it) and `training.py` (one
training, on sequences that are new at every step).
"""
