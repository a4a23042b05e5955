"""The contents of results.json, those of both reproductions of Bai et al. 2018."""

from glassgate.reproductions.bai2018.results import Measured, Network, Results, Run

__all__ = ["Measured", "Network", "Results", "Run"]
