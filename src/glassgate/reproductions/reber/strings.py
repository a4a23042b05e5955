"""Strings of three grammars, random strings, and what a network makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import numpy as np
import torch
from torch import Tensor

from glassgate.grammar import END, Grammar
from glassgate.nn import LanguageModel
from glassgate.nn.checks import valid_steps
from glassgate.nn.ragged import pad_ids

LETTERS = "btpsxve"  # b begins a string, e ends one
INNER = "tpsxv"
THRESHOLD = 0.3  # a letter counts as predicted from here on: each of two has 0.5
SIDES = "tp"
BINS = ((5, 6), (7, 8), (9, 10), (11, None))
"""Letters between the second letter of an embedded string and the one that repeats it."""
COLUMNS = 200  # strings that are read at once

Strings = list[str]


def load_grammar(name: str) -> Grammar:
    """Return the grammar called reber, embedded or biased, which stands beside this file."""
    text = resources.files("glassgate.reproductions.reber") / f"{name}.grammar"
    return Grammar(text.read_text(encoding="utf-8"), f"{name}.grammar")


def sample(grammar: Grammar, count: int, seed: int) -> Strings:
    """Return so many strings of a grammar."""
    return ["".join(letters) for letters in grammar.sample(count, seed)]


def random_strings(count: int, longest: int, random: np.random.Generator) -> Strings:
    """Return strings of 2 to `longest` letters, all as likely, between b and e."""
    lengths = random.integers(2, longest + 1, count)
    return [f"b{''.join(random.choice(list(INNER), length))}e" for length in lengths]


def is_grammatical(grammar: Grammar, string: str) -> bool:
    """Say whether a string is one of the grammar's."""
    prefix = grammar.begin()
    for letter in string:
        if letter not in prefix.next_words:
            return False
        prefix = prefix.read(letter)
    return END in prefix.next_words


def to_ids(strings: Sequence[str]) -> list[list[int]]:
    """Return the letters of strings as their places in `LETTERS`."""
    return [[LETTERS.index(letter) for letter in string] for string in strings]


def probabilities(model: LanguageModel, strings: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the distribution of each letter but the first, [T, B, 7], and the lengths, [B]."""
    inputs, lengths = pad_ids([ids[:-1] for ids in to_ids(strings)])
    with torch.no_grad():
        logits, _ = model(inputs)
    return logits.softmax(-1), lengths


def accepted(model: LanguageModel, strings: Sequence[str]) -> list[bool]:
    """Say of each string whether every letter of it is predicted with more than `THRESHOLD`."""
    answers: list[bool] = []
    for start in range(0, len(strings), COLUMNS):
        some = strings[start : start + COLUMNS]
        predicted, lengths = probabilities(model, some)
        targets, _ = pad_ids([ids[1:] for ids in to_ids(some)])
        right = predicted.gather(-1, targets[..., None])[..., 0]  # (T, B)
        taken = (right > THRESHOLD) | ~valid_steps(lengths, len(targets))
        answers += [bool(answer) for answer in taken.all(0)]
    return answers


def repeated_right(model: LanguageModel, strings: Sequence[str]) -> list[bool]:
    """Say of each embedded string whether its second letter is preferred where it returns.

    That is just before the last letter; the other choice is the other of t and p.
    """
    answers: list[bool] = []
    for start in range(0, len(strings), COLUMNS):
        some = strings[start : start + COLUMNS]
        predicted, lengths = probabilities(model, some)
        at_end = predicted[lengths - 2, torch.arange(len(some))]  # (B, 7)
        for string, row in zip(some, at_end, strict=True):
            own, other = string[1], SIDES[1 - SIDES.index(string[1])]
            answers.append(bool(row[LETTERS.index(own)] > row[LETTERS.index(other)]))
    return answers


def embedded_length(string: str) -> int:
    """Return how many letters lie between the second letter and the one that repeats it."""
    return len(string) - 4
