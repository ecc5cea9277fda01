r"""Commands of LaTeX that pandoc does not know, but that stand for words: `\pkg{ggplot2}`.

It leaves out all that is in them. Where one stands within a sentence, it is taken for its text.
"""

import re

_SKIPPED = re.compile(r"Skipped '\\([A-Za-z]{2,40})\{(?:[^{}]|\{[^{}]*\})*\}' at")
_NO_WORDS = re.compile(  # what stands in them is no text of the page
    r"begin|end|\w*(?:input|include|index|skip|space|style|color|counter|length|label|setup|phantom|ref"
    r"|cite\w*|language|font\w*|todo|tikz\w*|bibliography|glossary|bookmark|hypertarget|mark\w*"
    r"|box|graphics|pagenumbering|enlargethispage|linespread|addcontentsline)",
    re.IGNORECASE,
)
_WITHIN_SENTENCE = re.compile(r"(?:[\w,;:)\]]|[\w,;:]\s|\s\()\\([A-Za-z]{2,40})\{")
_MAX_COMMANDS = 200


def definitions(source: str, log: str) -> str:
    """LaTeX that makes the commands that `log` says were skipped show their text; may be empty."""
    named = set(_WITHIN_SENTENCE.findall(source))
    names = [name for name in dict.fromkeys(_SKIPPED.findall(log)) if name in named]
    shown = [name for name in names if not _NO_WORDS.fullmatch(name)]
    return "".join(f"\\newcommand{{\\{name}}}[1]{{#1}}\n" for name in shown[:_MAX_COMMANDS])
