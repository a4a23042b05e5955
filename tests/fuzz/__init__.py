"""Fuzzing: every reader of files from strangers is fed real files that were damaged at random.

``make fuzz``, or ``python -m tests.fuzz --seconds 60 --seed 0 --keep build/fuzz``, runs every
target for some seconds each. `samples` makes the real files with the tools that people use;
`targets` says for each kind of file how it is damaged, by `mutate` (bytes), `structured` (parts of
a file), `words` (JSON), `hdf5` or `proto` (ONNX), and which function of `readers` reads it. A file
must be read or refused in one sentence. `run` starts `child` processes to do so, and keeps each
file that crashes, hangs, takes too much memory or raises another error, with its reason.
"""
