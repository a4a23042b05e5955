"""Three sequences without marks between their parts: XOR in time, letters, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Random = np.random.Generator

SYLLABLES = {"b": "ba", "d": "dii", "g": "guuu"}  # by their consonant
FEATURES = ("consonant", "vowel", "interrupted", "high", "back", "voiced")
LETTER_BITS = {
    "b": (1, 0, 1, 0, 0, 1),
    "d": (1, 0, 1, 1, 0, 1),
    "g": (1, 0, 1, 0, 1, 1),
    "a": (0, 1, 0, 0, 1, 1),
    "i": (0, 1, 0, 1, 0, 1),
    "u": (0, 1, 0, 1, 1, 1),
}
LEXICON = (
    *("many", "years", "ago", "a", "boy", "and", "girl", "lived", "by", "the", "sea", "they"),
    *("played", "happily", "there"),
)
SENTENCE = (4, 9)  # words, the fewest and the most
CODE_BITS = 5  # of a letter's vector in the third sequence


class Stream(NamedTuple):
    """Vectors one after the other, and where each stands.

    `vectors` [N, I] are 0 or 1. `places` [N] says where in its part (three bits, a syllable, a
    word) each stands, from 0. `text` has a sign for each.
    """

    vectors: Floats
    places: NDArray[np.int64]
    text: str


def xor_bits(size: int, random: Random) -> Stream:
    """Write `size` threes of bits: two at random, and whether just one of them is 1."""
    first, second = random.integers(0, 2, (2, size))
    bits = np.stack([first, second, first ^ second], 1).ravel()
    return Stream(
        bits[:, None].astype(np.float32), np.tile(np.arange(3), size), "".join(map(str, bits))
    )


def syllables(size: int, random: Random) -> Stream:
    """Write `size` syllables at random: a consonant, and its own vowel, once or several times."""
    parts = [SYLLABLES[consonant] for consonant in random.choice(list(SYLLABLES), size)]
    return _join(parts, LETTER_BITS)


def sentences(size: int, random: Random, codes: Random) -> Stream:
    """Write `size` sentences of words of the lexicon at random, with nothing between them.

    `codes` draws the vector of each letter.
    """
    lengths = random.integers(SENTENCE[0], SENTENCE[1] + 1, size)
    words = [str(word) for length in lengths for word in random.choice(LEXICON, length)]
    numbers = codes.permutation(2**CODE_BITS)
    letters = sorted(set("".join(LEXICON)))
    bits = {
        letter: tuple(int(number) >> bit & 1 for bit in range(CODE_BITS))
        for letter, number in zip(letters, numbers, strict=False)
    }
    return _join(words, bits)


def _join(parts: Sequence[str], bits: Mapping[str, tuple[int, ...]]) -> Stream:
    text = "".join(parts)
    vectors = np.array([bits[letter] for letter in text], np.float32)
    places = np.concatenate([np.arange(len(part)) for part in parts])
    return Stream(vectors, places, text)
