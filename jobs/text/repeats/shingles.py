"""The shingles of a text: hashes of every eight tokens in a row, by which texts are compared.

Texts that share a sentence share shingles; texts about the same things do not. Sampling keeps the
hashes below a bound, the same ones in every text (FracMinHash, Irber et al. 2022), so that shares
measured on samples are shares of the texts.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.record import Span

TOKENS_PER_SHINGLE = 8
HASH_COUNT = 1 << 64
PIECE_CHARS = 1 << 20

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTERS = f"[^\\W_{_UNSPACED}]+"
_TOKEN = re.compile(f"[{_UNSPACED}]|{_LETTERS}")
_POINTS = "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"  # Hebrew, Arabic: vowels
_INDIC_SIGNS = "".join(  # vowels and joints within the words of India
    chr(code) for code in range(0x900, 0xE00) if unicodedata.category(chr(code)).startswith("M")
)
_MARK = re.compile(f"[{_POINTS}{_INDIC_SIGNS}]")
_TOKEN_WITH_MARKS = re.compile(f"[{_UNSPACED}]|{_LETTERS}(?:{_MARK.pattern}+(?:{_LETTERS})?)*")
_SAME = {  # what may be written or left out, or in one width or the other
    **{code: None for code in range(0x591, 0x6EE) if re.match(f"[{_POINTS}]", chr(code))},
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
}
_FACTOR = 0x9E3779B97F4A7C15  # odd, its bits well mixed: the golden ratio times 2^64

Hashes = NDArray[np.uint64]


def shingle_hashes(text: str, *, one_in: int = 1) -> Hashes:
    """The distinct shingles of a text, sorted; about `1 / one_in` of them.

    Tokens are words without case, punctuation and the points of Hebrew and Arabic; in Chinese,
    Japanese and Korean each character is one, and full-width letters are as others. A text of
    fewer than eight tokens is one shingle, one without tokens none.
    """
    hashes = _all_hashes(text)
    if one_in > 1:
        hashes = hashes[hashes < np.uint64(HASH_COUNT // one_in)]
    return distinct(hashes)


def share_in(hashes: Hashes, others: Hashes) -> float:
    """The share of `hashes` that are among `others`; both sorted. 0 if there are none."""
    return float(np.mean(is_among(hashes, others))) if len(hashes) else 0.0


def is_among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which of `hashes` are among the sorted `others`."""
    if not len(others):
        return np.zeros(len(hashes), np.bool_)
    places = np.searchsorted(others, hashes)
    places[places == len(others)] = 0
    found: NDArray[np.bool_] = others[places] == hashes
    return found


def spans_among(text: str, others: Hashes) -> list[Span]:
    """The ranges of `text` whose shingles are among the sorted `others`, in order, none touching.

    They are told where case changes no length, as it does in a few letters of few languages.
    """
    tokens = list(_pattern_of(text).finditer(text))
    rolled = _roll(_hash_tokens([token[0].casefold() for token in tokens], {}))
    spans: list[Span] = []
    for place in np.flatnonzero(is_among(rolled, others)).tolist():
        start, last = (
            tokens[place].start(),
            tokens[min(place + TOKENS_PER_SHINGLE, len(tokens)) - 1],
        )
        if spans and start <= spans[-1].end_char:
            start = spans.pop().start_char
        spans.append(Span(start_char=start, end_char=last.end()))
    return spans


def _all_hashes(text: str) -> Hashes:
    known: dict[str, int] = {}
    text = text.casefold()
    pattern = _pattern_of(text)
    pieces = [_hash_tokens(pattern.findall(piece), known) for piece in _pieces(text)]
    return _roll(np.concatenate(pieces))


def _pattern_of(text: str) -> re.Pattern[str]:
    """What tokens are; only where there are marks do they take longer to find."""
    return _TOKEN if text.isascii() or not _MARK.search(text) else _TOKEN_WITH_MARKS


def _pieces(text: str) -> Iterator[str]:
    """A text in parts that end between tokens: all tokens at once take ten times its memory."""
    start = 0
    while True:
        cut = text.find(" ", start + PIECE_CHARS)
        yield text[start : cut if cut >= 0 else len(text)]
        if cut < 0:
            return
        start = cut


def _hash_tokens(tokens: Sequence[str], known: dict[str, int]) -> Hashes:
    known |= {token: _token_hash(token) for token in set(tokens) - known.keys()}
    return np.fromiter(map(known.__getitem__, tokens), np.uint64, len(tokens))


def _roll(tokens: Hashes) -> Hashes:
    """The shingle that begins at each token; of fewer than eight tokens one, of none none."""
    count = max(1, len(tokens) - TOKENS_PER_SHINGLE + 1) if len(tokens) else 0
    rolled = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(min(TOKENS_PER_SHINGLE, len(tokens))):
            rolled *= np.uint64(_FACTOR)
            rolled += tokens[offset : offset + count]
        rolled ^= rolled >> np.uint64(31)  # low bits of a product are poor: they are mixed
        rolled *= np.uint64(_FACTOR)
        rolled ^= rolled >> np.uint64(29)
    return rolled


def _token_hash(token: str) -> int:
    """64 bits from two checksums; the same in every process, unlike Python's own."""
    data = token.translate(_SAME).encode("utf-8", "surrogatepass")
    return zlib.crc32(data) << 32 | zlib.adler32(data)


def distinct(hashes: Hashes) -> Hashes:
    """Each once, sorted: several times as fast as `numpy.unique`, which hashes them first."""
    in_order = np.sort(hashes)
    is_first = np.ones(len(in_order), np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=is_first[1:])
    return in_order[is_first]
