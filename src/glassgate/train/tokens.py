"""A vocabulary over Hugging Face `tokenizers`: whole words, or single characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from glassgate.errors import BadInput

Level = Literal["words", "characters"]
UNK, BOS, EOS = "<unk>", "<bos>", "<eos>"
SPECIALS = (UNK, BOS, EOS)

# A word is letters and digits, with apostrophes inside; any other mark is a token of its own.
WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]|_"
CHARACTER = r"[\s\S]"
ENCODED_AT_ONCE = 2**17  # characters


class Vocabulary:
    """The tokens of a language, and how a text is split into them.

    Words are lower-cased; characters keep their case. Tokens that are not in the vocabulary become
    `<unk>`. Ids start at 0, with `<unk>`, `<bos>` and `<eos>` first.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.unk, self.bos, self.eos = (self._special(token) for token in SPECIALS)

    @classmethod
    def learn(
        cls, texts: Iterable[str], level: Level = "words", minimum_frequency: int = 1
    ) -> Vocabulary:
        """Make a vocabulary of every token that occurs at least `minimum_frequency` times.

        The most frequent tokens come first; equally frequent ones are in alphabetical order.
        `BadInput` when there is none.
        """
        tokenizer = _tokenizer([], level)
        trainer = trainers.WordLevelTrainer(
            vocab_size=2**31, min_frequency=minimum_frequency, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        ids: dict[str, int] = tokenizer.get_vocab()
        if not ids:
            raise BadInput(
                f"no {level} occur at least {minimum_frequency} times in the training text: "
                "lower --minimum-frequency"
            )
        return cls(_tokenizer(sorted(ids, key=lambda token: ids[token]), level))

    @classmethod
    def of(cls, words: Sequence[str], level: Level = "words") -> Vocabulary:
        """Make a vocabulary of exactly these tokens, in this order; words are lower-cased.

        `BadInput` for one that is not a single token when it occurs in a text.
        """
        tokens = [word.lower() for word in words] if level == "words" else list(words)
        tokenizer = _tokenizer(tokens, level)
        for token in tokens:
            if _split(tokenizer, token) != [token]:
                raise BadInput(f"{token!r} is not a single token in a text of {level}")
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read tokenizer.json; `BadInput` when it is not a vocabulary."""
        try:
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except OSError:
            raise
        except Exception as error:  # tokenizers raises no narrower class
            raise BadInput(f"{path} is not a vocabulary: {error}") from None

    def to_json(self) -> str:
        """Return the text of tokenizer.json."""
        text: str = self._tokenizer.to_str(pretty=True)
        return text

    def __len__(self) -> int:
        """Return the number of tokens, the special ones included."""
        size: int = self._tokenizer.get_vocab_size()
        return size

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without `<bos>` and `<eos>`."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def encode_each(self, texts: Iterable[str]) -> Iterator[list[int]]:
        """Yield the ids of each text."""
        for batch in batches(texts, ENCODED_AT_ONCE):
            for encoding in self._tokenizer.encode_batch_fast(batch):
                yield encoding.ids

    def sentence(self, text: str) -> list[int]:
        """Return the ids of a text between `<bos>` and `<eos>`."""
        return [self.bos, *self.encode(text), self.eos]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return the token of each id."""
        return [str(self._tokenizer.id_to_token(int(i))) for i in ids]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the position of each token of `encode`: `text[start:stop]`."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text).offsets
        return spans

    def cut(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Return the results of `encode` and `spans` for each text, computed together."""
        return [(cut.ids, cut.offsets) for cut in self._tokenizer.encode_batch(texts)]

    def words(self, text: str) -> list[str]:
        """Return the tokens of `encode` as the text spells them, known or not."""
        return [text[start:stop] for start, stop in self.spans(text)]

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that become `<unk>`, each once, in order of occurrence."""
        pairs = zip(self.words(text), self.encode(text), strict=True)
        return list(dict.fromkeys(word for word, i in pairs if i == self.unk))

    def _special(self, token: str) -> int:
        index: int | None = self._tokenizer.token_to_id(token)
        if index is None:
            raise BadInput(f"the vocabulary has no {token}")
        return index


def batches(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Yield lists of texts, each as short as reaches the given number of characters."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _tokenizer(words: Sequence[str], level: Level) -> Tokenizer:
    """Return a tokenizer whose ids are the special tokens, then these words, in order."""
    ids = {word: index for index, word in enumerate([*SPECIALS, *words])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNK))
    pattern = WORD if level == "words" else CHARACTER
    if level == "words":
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return tokenizer


def _split(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the tokens of a text, before the vocabulary is consulted."""
    normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    return [token for token, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]
