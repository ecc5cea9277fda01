"""Tells files that have the same path but for the language in it, as sites name translations."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

LOCALES = frozenset(  # ISO 639-1, of the languages that manuals are most often translated into
    (
        *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi"),
        *("fr", "gl", "he", "hi", "hr", "hu", "id", "it", "ja", "ka", "kk", "ko", "lt", "lv", "ms"),
        *("nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "th"),
        *("tr", "uk", "ur", "vi", "zh"),
        *("cn", "cz", "jp", "kr", "tw", "ua"),  # countries, which stand for their languages
        *("ara", "ces", "cze", "chi", "dan", "deu", "dut", "ell", "eng", "fra", "fre", "ger"),
        *("gre", "heb", "hin", "hun", "ita", "jpn", "kor", "nld", "nor", "pol", "por", "ron"),
        *("rum", "rus", "spa", "swe", "tha", "tur", "ukr", "vie", "zho"),  # ISO 639-2
        *("arabic", "chinese", "czech", "danish", "deutsch", "dutch", "english", "espanol"),
        *("finnish", "francais", "french", "german", "hungarian", "italian", "italiano"),
        *("japanese", "korean", "polish", "portuguese", "russian", "spanish", "swedish"),
        *("turkish", "ukrainian", "vietnamese"),
    )
)
_REGION = r"(?:[-_@](?:[a-z]{2}|hans|hant|latn|latin|cyrl|cyrillic|419))"  # or script: BCP 47
_LOCALE = rf"(?:{'|'.join(sorted(LOCALES))}){_REGION}{{0,2}}"
_FOLDER = re.compile(rf"(?:(?:lang|language|locale)[-_])?{_LOCALE}(?:\.utf-?8)?", re.IGNORECASE)
_FOLDERS_OF_LOCALES = frozenset(
    (
        *("i18n", "intl", "l10n", "lang", "langs", "language", "languages", "locale", "locales"),
        *("translated", "translated-content", "translation", "translations"),
    )
)
_IN_NAME = re.compile(
    rf"(?<=[^._-])[._-]{_LOCALE}\Z"  # the last part of a name, the first, one within, in brackets
    rf"|\A{_LOCALE}[._-](?=.)"
    rf"|(?<=[^._-])[._-]{_LOCALE}(?=[._-])"
    rf"|[._\s-]*[(\[]{_LOCALE}[)\]][._\s-]*",
    re.IGNORECASE,
)
_DOCUSAURUS = re.compile(  # the folders of its translations, and what they translate
    r"(?<![^/])docusaurus-plugin-content-(?:"
    r"(?P<docs>docs)(?:-(?P<other>[\w-]+))?/(?:current|(?P<version>version-[^/]+))"
    r"|(?P<blog>blog)|pages)(?![^/])"
)
_ZIPPED = ".gz"


class _File(NamedTuple):
    """A file by its place among others; `key` is its path without language and ending."""

    number: int
    key: str
    is_in_language: bool


def without_locale(path: str) -> str:
    """A path without the parts that name a language: the same for all translations of a file."""
    *folders, name = path.removesuffix(_ZIPPED).split("/")
    kept: list[str] = []
    for folder in folders:
        if not _FOLDER.fullmatch(folder):
            kept.append(folder)
        elif kept and kept[-1].lower() in _FOLDERS_OF_LOCALES:
            kept.pop()
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    stem = _IN_NAME.sub("", stem, count=1) or stem
    return _DOCUSAURUS.sub(_what_it_translates, "/".join([*kept, stem + dot + ending]))


def _what_it_translates(folder: re.Match[str]) -> str:
    if folder["blog"]:
        return "blog"
    if not folder["docs"]:
        return "src/pages"
    if not folder["version"]:
        return folder["other"] or "docs"
    others = f"{folder['other']}_" if folder["other"] else ""
    return f"{others}versioned_docs/{folder['version']}"


def pair_by_path(paths: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The pairs of places of files that have the same path but for the language in it.

    One of them at least names its language; their formats may differ. Where nothing lies beside
    a translation, its original may lie in the folder above: `README.md` and `docs/README.de.md`.
    """
    by_key: defaultdict[str, list[_File]] = defaultdict(list)
    for number, path in enumerate(paths):
        neutral = without_locale(path)
        key, _, _ = neutral.rpartition(".")
        is_in_language = neutral != path.removesuffix(_ZIPPED)
        by_key[key or neutral].append(_File(number, key or neutral, is_in_language))
    for files in by_key.values():
        if any(file.is_in_language for file in files):
            yield from ((files[0].number, other.number) for other in files[1:])
    yield from _pair_with_folder_above(by_key)


def _pair_with_folder_above(by_key: Mapping[str, list[_File]]) -> Iterator[tuple[int, int]]:
    """Translations without an original beside them, and what alone may be it, a folder above."""
    above = {
        key: _without_last_folder(key)
        for key, files in by_key.items()
        if all(file.is_in_language for file in files)
    }
    claims = Counter(above.values())
    for key, original in above.items():
        if claims[original] == 1 and original not in above and original in by_key:
            yield by_key[original][0].number, by_key[key][0].number


def _without_last_folder(key: str) -> str:
    *folders, name = key.split("/")
    return "/".join([*folders[:-1], name])
