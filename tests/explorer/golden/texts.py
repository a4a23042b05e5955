"""Texts, and the words or characters that Python's tokenizers make of them."""

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

from glassgate.train.tokens import Level, Vocabulary

TRICKY = (
    "",
    " ",
    "the boy fell down and hurt his knee",
    "The BOY  fell\tdown,\nand hurt\r\nhis knee.",
    "don't o'clock rock'n'roll 'tis boys' it’s ''",
    "snake_case __init__ a_b 3_000 _",
    "x-ray 3.14 1,000 50% a+b=c (no) [yes] {so}",
    "ﬁre Straße STRASSE İstanbul ISTANBUL ıI",
    "ΣΟΦΟΣ ΟΔΥΣΣΕΥΣ σοφός",
    "café cafe\u0301 naïve nai\u0308ve",
    "日本語 한국어 العربية עברית हिन्दी ไทย",
    "😀 👨‍👩‍👧 🇩🇪 a😀b",
    "𝔘𝔫𝔦 𐐀𐐨 𝟘𝟙𝟚",
    "nbsp\u00a0here thin\u2009here ideographic\u3000here zero\u200bwidth bom\ufeffhere nel\u0085x",
    "<script>alert('x')</script> <unk> <bos> <eos>",
    "“quotes” ‘single’ ‹angle› „low“",
    "right\u202eto\u202cleft \u200fmarks\u200e",
    "①②③ ½ ² Ⅷ ٣٤",
    "a\u200db a\u200cb a\u00adb",
    "under‿tie cen⁀tre a⁔b ＿full＿width",
    "\u0301alone combining",
    "\u0000null \u001fcontrol \u007f",
)
LETTERS = "aZ'’_ .-é\u0301ßİΣ日😀𝔘\t\n0٣<&\u00a0"


def text_cases() -> Iterator[dict[str, Any]]:
    """Yield texts with their tokens, places and ids at both levels."""
    draw = random.Random(0)
    drawn = ["".join(draw.choices(LETTERS, k=draw.randint(1, 30))) for _ in range(300)]
    texts = [*TRICKY, *drawn]
    levels: tuple[Level, ...] = ("words", "characters")
    for level in levels:
        vocabulary = Vocabulary.learn(texts[: len(TRICKY)], level)
        yield {
            "level": level,
            "tokenizer": vocabulary.to_json(),
            "size": len(vocabulary),
            "texts": [
                {
                    "text": text,
                    "ids": vocabulary.encode(text),
                    "pieces": vocabulary.words(text),
                }
                for text in texts
            ],
        }


def letters() -> Iterator[str]:
    """Yield, for every character that is assigned, how a word takes it.

    In one string the signs are: ``w`` (part of a word), ``m`` (a token of its own), ``s`` (space),
    and ``.`` for characters that no standard assigns, and halves of others.
    """
    vocabulary = Vocabulary.of(["a"])
    known = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs")]
    signs = dict.fromkeys(range(0x110000), ".")
    cut = vocabulary.encode_each(f"a{character}a" for character in known)
    for character, ids in zip(known, cut, strict=True):
        signs[ord(character)] = {1: "w", 2: "s", 3: "m"}[len(ids)]
    yield "".join(signs.values())
