"""GRUs in TensorFlow's own files: SavedModel folders that Keras 2 wrote, and frozen graphs.

Nothing here needs TensorFlow: the formats are plain, and small parts of them are read.

Read `messages` (protocol buffers), `bundle` (the variables of a SavedModel), `saved_model` (joins
them with the model's config); and for frozen graphs `graph` (nodes and constants), `step` (computes
one step of a cell) and `frozen` (finds cells).
"""

__all__: list[str] = []
