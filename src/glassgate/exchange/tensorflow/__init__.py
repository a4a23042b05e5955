"""GRUs in TensorFlow's own files: SavedModel folders that Keras 2 wrote, and frozen graphs.

Nothing here needs TensorFlow: the formats are plain, and small parts of them are read.

Read `messages` (protocol buffers), `bundle` (the variables of a SavedModel), `saved_model` (joins
them with the model's config); and for frozen graphs `graph` (nodes and constants), `cells` (what
may be a cell), `step` (computes one step of it) and `frozen` (which form of the GRU it is).
"""

__all__: list[str] = []
