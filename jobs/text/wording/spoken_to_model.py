"""Recognises sentences of a document that speak to the model that reads it, not to people.

A first net of phrases in the languages whose phrases are known; what is quoted is only spoken of.
"""

import re

_QUOTED = re.compile(
    r"\"[^\"\n]{1,300}\"|`[^`\n]{1,300}`|[\u201c\u201e][^\u201c\u201d\n]{1,300}[\u201c\u201d]"
    r"|\u00ab[^\u00ab\u00bb\n]{1,300}\u00bb|\u300c[^\u300c\u300d\n]{1,300}\u300d"
)
_ORDERS = re.compile(
    # At the start of a sentence alone: "clients ignore all previous instructions" tells of clients.
    r"(?:(?:^|[.!?:;>\]\u2026]\s*|\n\s*|\bplease,? |\bnow,? )(?:"
    r"(?:ignore|disregard|forget|override)\s+(?:(?:all|any|every|of|the|these|your|my)\s+){0,4}"
    r"(?:previous|prior|above|earlier|preceding|former|foregoing)\s+(?:\w+\s+)?"
    r"(?:instructions?|prompts?|directions|directives?)"
    r"|(?:ignoriere|ignorieren sie|vergiss|vergessen sie|missachte|missachten sie)\s+"
    r"(?:[^\W\d_]+\s+){0,3}(?:vorherigen?|bisherigen?|vorigen?|obigen?|fr\u00fcheren?)\s+"
    r"(?:anweisung(?:en)?|instruktion(?:en)?|vorgaben?|eingaben?)"
    r"|(?:ignore[rz]?|oublie[rz]?)\s+(?:[^\W\d_]+\s+){0,3}(?:instructions|consignes|directives)\s+"
    r"(?:pr\u00e9c\u00e9dentes|ant\u00e9rieures|ci-dessus)"
    r"|(?:ignor[ae]|ignorad|olvid[ae]|olvidad)\s+(?:[^\W\d_]+\s+){0,3}"
    r"(?:instrucciones|indicaciones)\s+(?:anteriores|previas)"
    r"|(?:reveal|print|repeat|output|show|reply with|respond with|answer with)\s+(?:\w+\s+){0,3}"
    r"(?:system|hidden|initial) prompt"
    r")\b)"
    r"|(?:これまで|以前|上記|前)の(?:すべての|全ての)?(?:指示|命令)を(?:すべて|全て)?(?:無視|忘れ)"
    r"|(?:忽略|无视|忘记|無視|忽視)(?:之前|以上|上述|先前|前面|的|所有|一切|全部){1,4}(?:指令|指示|提示)",
    re.IGNORECASE,
)


def speaks_to_model(text: str) -> bool:
    """Whether it tells its reader to forget what it was told, or to say what that was."""
    return _ORDERS.search(_QUOTED.sub('""', text)) is not None
