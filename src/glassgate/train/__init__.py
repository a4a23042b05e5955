"""Fit a model: settings, data, the training loop, and the folder it leaves behind.

Import from the module that has the name: `glassgate.train.settings` needs no torch.
"""
