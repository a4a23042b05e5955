"""How frequent words are in a corpus."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from glassgate.analysis.scoring import Scored, ScoredWord, core_of
from glassgate.train.corpus import read_text
from glassgate.train.tokens import Level, Vocabulary, batches

AT_ONCE = 2**17  # characters


class Frequencies:
    """Counts of the tokens of a corpus: words and punctuation marks, or characters.

    A corpus is cut as `glassgate train language` cuts it: words in lower case, characters as they
    are. Words that a model does not know are counted as well.
    """

    def __init__(self, counts: Counter[str], level: Level = "words") -> None:
        self._counts, self._total, self._level = counts, counts.total(), level
        self._splitter = Vocabulary.of((), level)

    @classmethod
    def count(cls, files: Sequence[Path], level: Level = "words") -> Frequencies:
        """Count the tokens of UTF-8 texts; `BadInput` for one that cannot be read."""
        splitter, counts = Vocabulary.of((), level), Counter[str]()
        for path in files:
            for lines in batches(read_text(path).splitlines(keepends=True), AT_ONCE):
                for line, (_, spans) in zip(lines, splitter.cut(lines), strict=True):
                    counts.update(_key(line[start:stop], level) for start, stop in spans)
        return cls(counts, level)

    def log_frequency(self, scored: Scored) -> float | None:
        """Return log2 of how often a token or word occurs among a million tokens of the corpus.

        Of a word it is that of its one token with letters or digits, such as "knee" in "knee.".
        None for a word of several such tokens, for one that the corpus does not have, and for
        `<eos>`.
        """
        if scored.is_end:
            return None
        token: str | None = scored.spelt
        if isinstance(scored, ScoredWord):
            token = core_of([(part, part) for part in self._splitter.words(scored.spelt)])
        count = 0 if token is None else self._counts[_key(token, self._level)]
        return math.log2(count / self._total * 1e6) if count else None


def _key(token: str, level: Level) -> str:
    return token.lower() if level == "words" else token
