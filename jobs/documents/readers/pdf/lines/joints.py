"""What stands between the end of a printed line and the beginning of the next one."""

import re
from typing import NamedTuple

HYPHEN = "\ufffe"  # where a word may have been divided, until all words are known
OPEN = "\uffff"  # where a path that ends in a slash, or "--", may go on with a word, until then
SPACE = " "
_CJK = "\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
_IS_CJK = re.compile(f"[{_CJK}]")
_DIVIDED_END = re.compile(r"[^\W\d_]-$")
_ADDRESS = re.compile(r"\w{2,9}://\S*$|(?:https?|ftp|mailto):/?$|mailto:\S+$")
_BARE_ADDRESS = re.compile(r"(?:^|[\s(<\[“\"'])(?:www\.|[\w.-]+\.(?:org|com|net|edu|io|gov)/)\S*$")
_OPEN_HOST = re.compile(r"://[\w.-]*\.$")
_PATH_END = re.compile(r"(?:^|[\s(<\[“\"'`=])[~$]?[\w${}.+-]*/(?:\S*[/._=-])?$")
_OPEN_END = re.compile(r"[/._=&?#%~@:-]$")
_WORD_START = re.compile(r"[\w/%?&=#~+@$(-]")
_PIECE = re.compile(r"[\w./?=&%#~+:@,;$!*'()-]+")
_SIGNS_ALONE = frozenset({"#", "-", "&", "+", "=", "$", "~"})  # they begin a comment, an item
_LONG_OPTION = re.compile(r"[a-z]+(?:-[a-z]+)+|[a-z]+=")  # "--" alone ends the options
_OPERATOR = re.compile(r"[-+*/%=<>|&!^]{1,3}")
_CAPITALS = re.compile(r"[A-Z][A-Z\d_]+(?!\w)")
_CAPITAL_NAME = re.compile(r"\W?[A-Z][A-Z\d]*_[A-Z\d_]*-")
_ABBREVIATION = re.compile(r"\W?(?:[^\W\d_]\.)+")  # "e.g."
_DOTTED = re.compile(r"\w\.\w+\.$")
_NAME = re.compile(r"[A-Z]\w*(?!\w)")
_AFTER_HALVES = frozenset({"or", "to", "oder", "und", "sowie", "bzw."})  # "read- or write-lock"
_SHORT_OPTION = re.compile(r"[A-Za-z\d](?!\w)")  # behind a hyphen that stands alone
_ROOT = re.compile(r"/(?:etc|opt|usr|var)(?:/\w+)?")  # "/usr/lib" before "/$(ARCH)"
_PART_OF_PATH = re.compile(r"/(?!(?:etc|home|opt|usr|var)\b)[\w$]")
_HOME = re.compile(r"~\w")  # of a user: /~name/
_PART_OF_OPTION = re.compile(r"-[a-z]{3}")
_BETWEEN_NAMES = frozenset(
    {"and", "as", "at", "by", "for", "from", "in", "is", "or", "to", "und", "with"}
)
_NEW_ADDRESS = re.compile(r"\w{2,9}://")
_PLACEHOLDER = re.compile(r"<[\w-]+>(\.\w)?")  # a part of a dotted name
_OPTION_NAME = re.compile(r"[a-z]+(?![\w=-])")
_SECOND_HYPHEN = re.compile(r"-[a-z]{2}")
_OPENING = "\"'`“‘(["
_PLAIN_WORD = re.compile(r"[a-z]+(?:[.,;:)]|$)")
_ENDED = re.compile(r"[)>\]”\",;]$")
_DIVIDED_PATH = 3  # characters that it has at least before it is divided
_LONG_ADDRESS = 30  # characters; a shorter one would have been put on the next line whole


class Printed(NamedTuple):
    """The text of a printed line, and whether it begins and ends in a typewriter font."""

    text: str
    starts_mono: bool = False
    ends_mono: bool = False


def joint(line: Printed, following: Printed) -> str:
    """What to put between two lines of one paragraph: a space, nothing, HYPHEN or OPEN.

    HYPHEN replaces the hyphen at the end of `line`.
    """
    if not line.text or not following.text:
        return ""
    if is_cjk(line.text[-1]) and is_cjk(following.text[0]):
        return ""
    word, piece = _last_word(line.text), following.text.split(maxsplit=1)[0]
    if line.ends_mono != following.starts_mono and not _is_divided_path(word, piece):
        return SPACE
    if word.lstrip(_OPENING) == "--" and _OPTION_NAME.match(piece):
        return OPEN
    if word.lstrip(_OPENING) == "-" and _SECOND_HYPHEN.match(piece):
        return ""
    return _joint_in_word(line, word, piece)


def _joint_in_word(line: Printed, word: str, piece: str) -> str:
    """The joint of two lines that are set alike: of a word, a name, an address, or a space."""
    if _is_divided_path(word, piece) or (word.endswith("/-") and piece[0] in ")]>"):
        return HYPHEN
    if _DIVIDED_END.search(line.text[-2:]) and piece[0].isalpha() and not _is_address(line.text):
        if piece in _AFTER_HALVES:
            return SPACE
        is_name = line.ends_mono and ("-" in word[:-1] or "/" in word)
        is_divided = _CAPITAL_NAME.fullmatch(word) and _CAPITALS.match(piece)
        return "" if is_name or (_is_option(word) and not is_divided) else HYPHEN
    if piece[0] == ",":
        return ""
    if line.ends_mono:
        return "" if _literal_goes_on(word, piece) else SPACE
    if _is_address(line.text):
        return "" if _address_goes_on(word, piece) else SPACE
    if _path_goes_on(line.text, word, piece):
        return OPEN if word[-1] == "/" and _PLAIN_WORD.match(piece) else ""
    return "" if _keeps_hyphen(word, piece) else SPACE


def _is_divided_path(word: str, piece: str) -> bool:
    """Whether a hyphen was set where a path or name is divided, after its slash or underscore."""
    is_part = piece[0].isalnum() or _HOME.match(piece) is not None
    return word.endswith(("/-", "_-")) and len(word) > _DIVIDED_PATH and is_part


def join_pieces(lines: list[Printed]) -> str:
    """The lines of one paragraph or cell as running text, HYPHEN where a word may be divided."""
    pieces: list[str] = []
    for line, following in zip(lines, [*lines[1:], Printed("")], strict=False):
        between = joint(line, following)
        pieces.append(line.text[:-1] if between == HYPHEN else line.text)
        pieces.append(between)
    return "".join(pieces)


def is_cjk(char: str) -> bool:
    """Whether a character is of a script that is written without spaces."""
    return bool(_IS_CJK.match(char))


def _last_word(line: str) -> str:
    return line[-200:].rsplit(maxsplit=1)[-1]


def _is_address(line: str) -> bool:
    """Whether a line ends in an address."""
    return bool(_ADDRESS.search(line[-200:]) or _BARE_ADDRESS.search(line[-200:]))


def _address_goes_on(word: str, piece: str) -> bool:
    """Whether an address that ends a line goes on in the next one."""
    if _ENDED.search(word) or not _WORD_START.match(piece) or piece in _SIGNS_ALONE:
        return False
    if _NEW_ADDRESS.match(piece):
        return False
    if word[-1] == "/" and piece in _BETWEEN_NAMES:
        return False
    if word[-1] in "/=&?#%~_:@-" or piece[0] in "/?&=#%_":
        return True
    if _OPEN_HOST.search(word) and piece[0].islower():
        return True
    looks_like_part = bool(re.search(r"[\d/_=&%#-]|\w\.\w", piece)) and bool(_PIECE.match(piece))
    if word[-1] == ".":
        return looks_like_part and not piece[0].isupper()
    return looks_like_part and len(word) >= _LONG_ADDRESS and not piece[0].isupper()


def _literal_goes_on(word: str, piece: str) -> bool:
    """Whether a literal that ends a line (a path, a name, an option) goes on in the next one."""
    if word[-1] in "/_@+~#%&?":
        return word[-1] == "/" or any(map(str.isalnum, word))
    if word[-1] == "=":
        return word[-2:-1].isalnum()
    if "-" in {word[-1], piece[0]}:
        return _option_goes_on(word, piece)
    if word[-1] == ":":
        return piece[0] in ":/"
    if piece[0] == "/":
        return _ROOT.fullmatch(word) is not None and _PART_OF_PATH.match(piece) is not None
    if word[-1] == ".":
        is_name = "/" in word or word[:-1].isupper() or _may_go_on(piece)
        is_name = is_name or (_DOTTED.search(word) and _NAME.match(piece)) is not None
        return len(word) > 1 and is_name
    return word[-1] == "," and "{" in word


def _option_goes_on(word: str, piece: str) -> bool:
    """Whether an option is divided at one of its hyphens: `--long-|name`, `-|t`, `--long|-name`."""
    if word == "--":
        return _LONG_OPTION.match(piece) is not None
    if word == "-":
        return _SHORT_OPTION.match(piece) is not None
    if word[-1] == "-":
        return word[-2] not in "-?|<>!"  # signs of their own: "?-", "|-"
    return word.startswith("--") and _PART_OF_OPTION.match(piece) is not None


def _may_go_on(piece: str) -> bool:
    """Whether a dotted name may have this as its next part: no operator, no new sentence."""
    is_name = not piece[0].isupper() or _CAPITALS.match(piece) is not None
    return is_name and not _OPERATOR.fullmatch(piece)


def _path_goes_on(line: str, word: str, piece: str) -> bool:
    """Whether a path or a dotted name is divided after its slash, dot or underscore."""
    if placeholder := _PLACEHOLDER.match(piece):
        return word[-1] == "." and bool(placeholder[1] or _DOTTED.search(word))
    if len(word) < 2 or not _WORD_START.match(piece):
        return False
    if word[-1] == "/" and piece in _BETWEEN_NAMES and not word.endswith("and/"):
        return False
    if word[-1] == "/":
        return bool(_PATH_END.search(line[-200:])) and (piece[0].islower() or "/" in piece)
    if word[-1] == "_":
        return piece[0].isalnum() and piece not in _BETWEEN_NAMES
    is_name = bool(re.search(r"[/_\d]|\w\.\w", word[:-1])) and bool(
        re.search(r"[/_\d.]", piece[:-1])
    )
    is_no_name = word[:-1].isdigit() or _ABBREVIATION.fullmatch(word) is not None
    return word[-1] in ".=@" and is_name and piece[0].islower() and not is_no_name


def _is_option(word: str) -> bool:
    """`-long-` and `some_name-` keep their hyphens."""
    return word.lstrip("\"'`“‘([<").startswith(("-", "–")) or "_" in word


def _keeps_hyphen(word: str, following: str) -> bool:
    """Whether a hyphen at a line's end belongs to it and no space follows: "x86-64", "(semi-)"."""
    if word[-1] == "–":
        return word[-2:-1].isdigit() and following[0].isdigit()  # from page to page
    if word.endswith("(-"):
        return following[0].isalpha()  # Debian(-compatible)
    if len(word) < 2 or word[-1] != "-" or word[-2] in "-–—" or following in _AFTER_HALVES:
        return False
    if following[0].isdigit() or following[0] in ")]/<":
        return True
    return following[0].isalpha() and not word[-2].isalpha()  # 3-dimensional, S/390-Portierung
