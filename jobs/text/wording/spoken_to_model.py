"""Recognises sentences of a document that speak to the model that reads it, not to people.

A first net of phrases in the languages whose phrases are known; what is quoted is only spoken of.
Manuals have orders too ("ignore the above instructions on Windows"): these leave out what stands
on the page, or hold in some case; those are of all instructions, of the reader's own, or earlier.
"""

import re

_QUOTED = re.compile(
    r"\"[^\"\n]{1,300}\"|`[^`\n]{1,300}`|[\u201c\u201e][^\u201c\u201d\n]{1,300}[\u201c\u201d]"
    r"|\u00ab[^\u00ab\u00bb\n]{1,300}\u00bb|\u300c[^\u300c\u300d\n]{1,300}\u300d"
)
# At the start of a sentence alone: "clients ignore all previous instructions" tells of clients.
_START = r"(?:^|[.!?:;>\]\u2026]\s*+|\n[^\S\n]*+|\bplease,? |\bnow,? )"
_WORDS = r"(?:[^\W\d_]+\s+)"
_IN_SOME_CASE = (
    r"(?!,?\s+(?:if|unless|when|where|on|for|in|with|by|using|via"
    r"|wenn|falls|sofern|unter|auf|f\u00fcr|im|mit|si|sous|sur|pour|dans|avec|en|para|con|cuando"
    r"|se|quando|su|per|nel)\b)"
)
_OWN = r"(?:all|any|every|your|my)\s+"
_ENGLISH = (
    r"(?:ignore|disregard|forget|override)\s+(?:"
    rf"(?:(?:of|the|these)\s+){{0,2}}{_OWN}(?:(?:of|the|these)\s+|{_OWN}){{0,3}}"
    r"(?:previous|prior|above|earlier|preceding|former|foregoing)\s+(?:\w+\s+)?"
    r"(?:instructions?|prompts?|directions|directives?)"
    r"|(?:(?:the|these)\s+)?(?:previous|prior|earlier|preceding|former|foregoing)\s+(?:\w+\s+)?"
    rf"(?:instructions?|prompts?|directions)\b{_IN_SOME_CASE}"
    r"|(?:the|these)\s+above\s+(?:instructions?|prompts?|directions)\s+and\s+(?:instead\s+)?"
    r"(?:reply|respond|answer|say|tell|translate))"
    r"|(?:reveal|print|repeat|output|show|reply with|respond with|answer with)\s+"
    rf"(?:(?:\w+\s+){{0,3}}(?:system|hidden)\s+prompt\b{_IN_SOME_CASE}"
    r"|(?:\w+\s+){0,2}(?:your|my)\s+initial\s+prompt)"  # a shell has an initial prompt too
)
_GERMAN = (
    r"(?:ignoriere|ignorieren sie|vergiss|vergessen sie|missachte|missachten sie)\s+"
    rf"(?:(?:alle[ns]?|s\u00e4mtlichen?|deinen?|eure|ihre)\s+{_WORDS}{{0,2}}obigen?\s+"
    r"(?:anweisung(?:en)?|instruktion(?:en)?|vorgaben?|eingaben?)"
    rf"|{_WORDS}{{0,3}}(?:vorherigen?|bisherigen?|vorigen?|fr\u00fcheren?)\s+"
    rf"(?:anweisung(?:en)?|instruktion(?:en)?|vorgaben?|eingaben?)\b{_IN_SOME_CASE})"
)
_FRENCH = (
    rf"(?:ignore[rz]?|oublie[rz]?)\s+(?:(?:toutes|tes|vos)\s+{_WORDS}{{0,2}}"
    r"(?:instructions|consignes|directives)\s+(?:pr\u00e9c\u00e9dentes|ant\u00e9rieures|ci-dessus)"
    rf"|{_WORDS}{{0,3}}(?:instructions|consignes|directives)\s+"
    rf"(?:pr\u00e9c\u00e9dentes|ant\u00e9rieures)\b{_IN_SOME_CASE})"
)
_SPANISH = (
    rf"(?:ignor[ae]|ignorad|olvid[ae]|olvidad)\s+{_WORDS}{{0,3}}"
    rf"(?:instrucciones|indicaciones)\s+(?:anteriores|previas)\b{_IN_SOME_CASE}"
)
_ITALIAN = (
    r"(?:(?:ignor|dimentic|trascur)(?:a|ate|are|i|hi)\s+"
    rf"{_WORDS}{{0,3}}(?:(?:istruzioni|indicazioni|direttive)\s+(?:precedenti|anteriori)"
    rf"|precedenti\s+(?:istruzioni|indicazioni|direttive))\b{_IN_SOME_CASE}"
    r"|rivel(?:a|ate|are|i)\s+(?:(?:il|tuo|vostro|suo)\s+){1,2}prompt"
    r"|(?:mostra|mostrate|stampa|stampate|ripeti|ripetete|rispondi con)\s+"
    rf"(?:(?:il|tuo|vostro|suo)\s+){{0,2}}prompt\s+(?:di sistema|nascosto)\b{_IN_SOME_CASE})"
)
_JAPANESE = (
    r"(?:これまで|以前|前)の(?:すべての|全ての)?(?:指示|命令)を(?:すべて|全て)?(?:無視|忘れ)"
    r"|上記の(?:(?:すべての|全ての)(?:指示|命令)を|(?:指示|命令)を(?:すべて|全て))(?:無視|忘れ)"
)
_CHINESE = (
    r"(?:忽略|无视|忘记|無視|忽視)(?:(?:之前|先前|前面|的|所有|一切|全部){1,4}"
    r"|(?:以上|上述|的){1,2}(?:所有|一切|全部)的?|(?:所有|一切|全部)(?:以上|上述|的){1,2})"
    r"(?:指令|指示|提示)"
)
_ORDERS = re.compile(
    rf"{_START}(?:{_ENGLISH}|{_GERMAN}|{_FRENCH}|{_SPANISH}|{_ITALIAN})\b|{_JAPANESE}|{_CHINESE}",
    re.IGNORECASE,
)


def speaks_to_model(text: str) -> bool:
    """Whether it tells its reader to forget what it was told, or to say what that was."""
    return _ORDERS.search(_QUOTED.sub('""', text)) is not None
