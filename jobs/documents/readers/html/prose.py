"""How much of an element is text that is read, and not links or controls."""

import re
from itertools import islice

from selectolax.lexbor import LexborNode

_WORD = re.compile(r"\w+")
_MIN_SENTENCE_WORDS = 4
_SENTENCE_ENDS = (".", "!", "?", ":", "。", "！", "？", "：", "؟", "।")


def is_mostly_links(node: LexborNode) -> bool:
    """Whether most words are those of links, as in a menu."""
    return 2 * _link_word_count(node) > word_count(node)


def prose_count(node: LexborNode) -> int:
    """How many words are in no link."""
    return word_count(node) - _link_word_count(node)


def word_count(node: LexborNode) -> int:
    """How many words there are."""
    return len(_WORD.findall(node.text(separator=" ")))


def short_text(node: LexborNode, max_nodes: int) -> str | None:
    """The text of an element, None if it has more nodes: what is asked often has to be cheap."""
    nodes = list(islice(node.traverse(include_text=True), max_nodes + 1))
    if len(nodes) > max_nodes:
        return None
    return " ".join(part.text_content or "" for part in nodes if part.is_text_node)


def has_sentence(node: LexborNode) -> bool:
    """Whether a paragraph without links is a whole sentence: no menu has one."""
    texts = (part.text(strip=True) for part in node.css("p") if part.css_first("a") is None)
    return any(text.endswith(_SENTENCE_ENDS) and _has_words(text) for text in texts)


def is_beside_words(control: LexborNode) -> bool:
    """Whether a control stands in a text that names it."""
    return any(
        other is not None and other.is_text_node and _WORD.search(other.text_content or "")
        for other in (control.prev, control.next)
    )


def _has_words(text: str) -> bool:
    return len(_WORD.findall(text)) >= _MIN_SENTENCE_WORDS


def _link_word_count(node: LexborNode) -> int:
    text = " ".join([link.text(separator=" ") for link in node.css("a[href]")])
    return len(_WORD.findall(text))
