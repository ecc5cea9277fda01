"""Finds words that point at a text which the reader does not see, where it is no subject itself.

Two kinds of words point: nouns for texts and their parts behind an article ("the passage", "le
manuel"), and words for what stands elsewhere ("der genannten", "ci-dessus"). Neither does where
the source itself speaks of such a thing. The lists hold words, not phrases: what stands around
them does not matter.
"""

import re

_ENGLISH_NOUNS = (
    "passage excerpt extract snippet paragraph chapter subsection section appendix text article"
    " document documentation manual handbook guide tutorial leaflet brochure notes"
    " author writer narrator"
)
_GERMAN_NOUNS = (
    "Text Textstelle Textabschnitt Auszug Abschnitt Absatz Kapitel Passage Artikel Dokument"
    " Dokumentation Handbuch Leitfaden Anleitung Merkblatt"
    " Broschüre Autor Autorin Verfasser Verfasserin"
)
_FRENCH_NOUNS = (
    "texte passage extrait paragraphe chapitre section article document documentation manuel guide"
    " auteur auteure"
)
_SPANISH_NOUNS = (
    "texto pasaje extracto fragmento párrafo capítulo sección apartado artículo documento"
    " documentación manual guía autor autora"
)
_ITALIAN_NOUNS = (
    "testo brano estratto passaggio paragrafo capitolo sezione articolo documento documentazione"
    " manuale guida autore autrice"
)
_ELSEWHERE = (  # in English, German, French, Spanish and Italian
    "abovementioned aforementioned above-mentioned"
    " genannten erwähnten aufgezählten aufgeführten beschriebenen obigen obige vorigen vorherigen"
    " vorstehenden nachstehenden vorliegenden vorliegende beiliegenden vorangehenden"
    " précédemment ci-dessus ci-dessous ci-joint ci-jointe ci-après susmentionné susmentionnée"
    " susmentionnés"
    " anteriores mencionado mencionada mencionados mencionadas citado citados siguientes"
    " suddetto suddetta suddetti suddette sopracitato sopracitata summenzionato seguenti"
)
_HAN_POINTERS = (
    "この文章|本文|文中|この章|この節|本節|本章|前述|上述|上記|下記|先述|先に述べ|抜粋|この段落|著者|筆者"
    "|上文|下文|原文|节选|節錄|这段|這段|本段|本章|这一章|這一章|作者|如上|上の(?:文|規則|例|表|図)"
)


def _words(page: str) -> str:
    return "|".join(sorted(map(re.escape, page.split()), key=len, reverse=True))


# A noun with a large letter in English, French or Spanish is part of a name: "the Policy Manual".
_NOUN = re.compile(
    rf"\b(?:[Tt]h(?:e|is|at|ese)|[Aa] given) (?:[a-z]+ )?(?P<en>{_words(_ENGLISH_NOUNS)})s?\b"
    r"(?! (?:page|pages|editor|file|files|mode|field|string|box)\b)"
    rf"|\b(?:[Dd]e[rmns]|[Dd]ie|[Dd]as|[Ii]m|[Vv]om|[Zz]um|[Dd]iese[rmns]?) (?:[a-zäöü]+e[nrms]? )?"
    rf"(?P<de>{_words(_GERMAN_NOUNS)})(?:e?s|e|en)?\b"
    rf"|(?:\b(?:[Ll]a|[Ll]e|[Cc]et?|[Cc]ette|[Aa]u|[Dd]u) |\b[LldD]['\u2019])"
    rf"(?P<fr>{_words(_FRENCH_NOUNS)})\b"
    rf"|\b(?:[Ee]l|[Ll]a|[Ee]ste|[Ee]sta|[Aa]l|[Dd]el) (?P<es>{_words(_SPANISH_NOUNS)})\b"
    rf"|(?:\b(?:[Ii]l|[Ll]a|[Qq]uest[oa]|[Nn]el(?:la)?|[Dd]el(?:la)?|[Dd]al(?:la)?) "
    rf"|\b(?:[Nn]ell|[Dd]ell|[Dd]all|[Qq]uest|[Ll])['\u2019])(?P<it>{_words(_ITALIAN_NOUNS)})\b"
)
_PLACE = re.compile(rf"\b(?P<word>{_words(_ELSEWHERE)})\b", re.IGNORECASE)
_HAN = re.compile(rf"(?P<word>{_HAN_POINTERS})")
_DEMONSTRATIVE = re.compile(
    r"\b(?:[Tt]his|[Tt]hese|[Dd]ies(?:e[rmns]?)|[Cc]et(?:te)?|[Cc]es"
    r"|[Cc]e(?! (?:que?|qui|dont|sont|sera)\b)|est[ae]s?|estos|es[ae]s?|esos)"
    r" (?P<noun>[^\W\d_]{3,})"
    r"|(?:この|その|これらの|それらの|上の)(?P<ja>[\u3400-\u9fff\u30a0-\u30ff]+)"
    r"|(?:这|該|该|這)(?:个|種|种|些|一|條|条)?(?P<zh>[\u3400-\u9fff]{2})"
)
_CLAUSE_END = re.compile(r"[,.;:、。，；：]")
_NO_NOUN = frozenset(  # what is a time, a manner or a case with them, and no thing
    "way means day days week year sort kind much many 後 他 場合 際 時".split()  # noqa: SIM905
)


def find_pointer(text: str, source: str) -> str:
    """The first word of `text` that points at a text, though `source` has no such subject.

    Empty if there is none.
    """
    known = source.casefold()
    for pattern in (_NOUN, _PLACE, _HAN):
        for found in pattern.finditer(text):
            word = next(group for group in found.groupdict().values() if group)
            if word.casefold() not in known:
                return word
    return ""


def find_demonstrative(question: str) -> str:
    """A noun that a question points at in its first clause without having named it; else empty.

    "Which of these options", "dieser Befehl": of what, only a text says that is not there.
    """
    end = _CLAUSE_END.search(question)
    found = _DEMONSTRATIVE.search(question, 0, end.start() if end else len(question))
    if found is None:
        return ""
    noun = found["noun"] or found["ja"] or found["zh"]
    is_named = noun.casefold() in question[: found.start()].casefold()
    return "" if is_named or noun.casefold() in _NO_NOUN else noun
