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

# A word is letters and digits, with apostrophes inside; any other mark stands for itself.
WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s]|_"
CHARACTER = r"[\s\S]"
BATCH = 2**17  # characters that are encoded at once


class Vocabulary:
    """The tokens of a language, and how a text is cut into them.

    Words are lower-cased; characters keep their case. What is not in the vocabulary becomes
    `<unk>`. Ids run from 0; `<unk>`, `<bos>` and `<eos>` come first.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.unk, self.bos, self.eos = (self._special(token) for token in SPECIALS)

    @classmethod
    def learn(
        cls, texts: Iterable[str], level: Level = "words", minimum_frequency: int = 1
    ) -> Vocabulary:
        """Take in every token that occurs `minimum_frequency` times or more.

        The commonest come first, and by the alphabet among those that are as common. `BadInput`
        when there is none.
        """
        tokenizer = _tokenizer([], level)
        trainer = trainers.WordLevelTrainer(
            vocab_size=2**31, min_frequency=minimum_frequency, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        ids: dict[str, int] = tokenizer.get_vocab()
        if not ids:
            raise BadInput(
                f"no {level} occur {minimum_frequency} times or more in the text to train on: "
                "lower the minimum frequency"
            )
        often = sorted(ids, key=lambda token: ids[token])
        return cls(_tokenizer(often, level))

    @classmethod
    def of(cls, words: Sequence[str], level: Level = "words") -> Vocabulary:
        """Take these tokens, in this order and lower-cased, and no others.

        `BadInput` for one that a text could never hold as a single token.
        """
        tokens = [word.lower() for word in words] if level == "words" else list(words)
        tokenizer = _tokenizer(tokens, level)
        for token in tokens:
            if _cut(tokenizer, token) != [token]:
                raise BadInput(f"{token!r} is not a single token of the {level} of a text")
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a tokenizer.json that `save` wrote; `BadInput` where it is none."""
        try:
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except OSError:
            raise
        except Exception as error:  # tokenizers raises nothing more precise
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
        """Return the ids of a text, without marks at its ends."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def encode_each(self, texts: Iterable[str]) -> Iterator[list[int]]:
        """Give the ids of each text."""
        for batch in batches(texts, BATCH):
            for encoding in self._tokenizer.encode_batch_fast(batch):
                yield encoding.ids

    def sentence(self, text: str) -> list[int]:
        """Return the ids of a text between `<bos>` and `<eos>`."""
        return [self.bos, *self.encode(text), self.eos]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return the token of each id."""
        return [str(self._tokenizer.id_to_token(int(i))) for i in ids]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each token stands, `text[start:stop]`; one an id of `encode`."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text).offsets
        return spans

    def cut(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Return of each text what `encode` and `spans` do, all of them at once."""
        return [(cut.ids, cut.offsets) for cut in self._tokenizer.encode_batch(texts)]

    def words(self, text: str) -> list[str]:
        """Return the tokens of a text as it spells them, known or not; one an id of `encode`."""
        return [text[start:stop] for start, stop in self.spans(text)]

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that become `<unk>`, each once, in order of appearance."""
        pairs = zip(self.words(text), self.encode(text), strict=True)
        return list(dict.fromkeys(word for word, i in pairs if i == self.unk))

    def _special(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise BadInput(f"the vocabulary has no {token}")
        return found


def batches(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Give texts, as many at once as reach so many characters."""
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
    """Return a tokenizer of the special tokens and these words, ids in this order."""
    ids = {word: index for index, word in enumerate([*SPECIALS, *words])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNK))
    pattern = WORD if level == "words" else CHARACTER
    if level == "words":
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return tokenizer


def _cut(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the tokens of a text before they are looked up."""
    normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    return [token for token, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]
