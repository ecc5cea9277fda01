"""Picks the sentences of a chunk that a question can be asked about without seeing the rest."""

import re
from typing import NamedTuple

from jobs.dataset.small.prompts import Opening, choose_opening
from jobs.text.sentences import split_sentences
from schemas.record import Span

MIN_WORDS = 7
MAX_WORDS = 32
MIN_PROSE_SHARE = 0.9  # of characters that are letters or white space

_LEANING_START = re.compile(
    r"(?:this|these|that|those|such|it|its|they|their|them|he|she|his|her|we|our|i|my|you|your|there"
    r"|here|however|also|but|and|or|nor|so|then|thus|hence|therefore|otherwise|instead|similarly"
    r"|likewise|moreover|furthermore|additionally|besides|consequently|accordingly|finally|second"
    r"|secondly|third|next|again|both|neither|another|others?|example|see|note|please|if so"
    # openings that a small model cannot turn into a question
    r"|if|when|whenever|where|since|although|though|while|unless|until|because|once|after|before"
    r"|in|on|at|for|from|by|with|without|under|as|to|among|during|due|despite|depending|whether"
    r"|now|sometimes|usually|typically|especially|simply|only|even|often|normally|generally"
    r"|list|details?|just|not|no|nothing|yes|most of"
    r"|use|try|let|let's|make|keep|do|don't|be|suggest|avoid|consider|check|run|set|add|remember"
    r"|ensure|select|choose|type|press|click|enter|copy|create|start|open|read|install|change"
    # what was named before: "the file is", "the other components"
    r"|the (?:other|same|first|second|last|only|new|old|easy|resulting)"
    r"|the (?-i:[a-z]+) (?:is|are|must|should|may|can|will|was|were|has|have)(?! an? ))\b",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"\b(?:this|these|those|above|below|following|previous(?:ly)?|earlier|latter|former|section"
    r"|chapter|appendix|footnote|figure|table|page|example|document|manual|book|guide|author"
    r"|herein|hereby|aforementioned|such an?|as follows?|followings|described|refer|referred"
    # and what a small model turns upside down
    r"|not|never|cannot|can't|won't|don't|doesn't|neither|nor|without)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[{}<>|$=\\`^~@#*\[\]•]|::|//|->|\.\.|\w_\w|--")
_SENTENCE = re.compile(r"[A-Z].*[a-z)\"”'’]\.")


class PickedSentence(NamedTuple):
    """A sentence, where it stands in its text, and how a question about it opens."""

    span: Span
    text: str
    opening: Opening


def pick_sentences(text: str, wanted: int) -> list[PickedSentence]:
    """Up to `wanted` sentences of `text` that stand alone, spread evenly over it, in order.

    They are prose of a sensible length that points at nothing outside themselves. The rules are
    for English; in other languages they let more through.
    """
    picked = [
        PickedSentence(span, sentence, opening)
        for span in split_sentences(text)
        if _stands_alone(sentence := text[span.start_char : span.end_char])
        and (opening := choose_opening(sentence)) is not None
    ]
    if len(picked) <= wanted:
        return picked
    return [picked[(2 * number + 1) * len(picked) // (2 * wanted)] for number in range(wanted)]


def _stands_alone(wrapped: str) -> bool:
    words = wrapped.split()
    sentence = " ".join(words)
    prose_count = sum(char.isalpha() or char.isspace() for char in sentence)
    return (
        MIN_WORDS <= len(words) <= MAX_WORDS
        and prose_count >= MIN_PROSE_SHARE * len(sentence)
        and ":" not in sentence
        and _SENTENCE.fullmatch(sentence) is not None
        and _LEANING_START.match(sentence) is None
        and _LEANING.search(sentence) is None
        and _CODE.search(sentence) is None
    )
