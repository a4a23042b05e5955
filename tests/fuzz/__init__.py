"""Fuzz targets: every reader of files from strangers, over real files that were damaged."""
