"""Tells answers whose subject is a pronoun: of what, only their question says."""

import re

_ENGLISH = (
    r"(?:they|he|she|its|their)\b"
    r"|it(?! (?:is|was|would be|may be|can be) (?:\w+ ){1,3}(?:to|that|if|when|for)\b"
    r"|(?:['\u2019]s)? (?:rains|snows)\b)\b"
    r"|(?:this|these|that|those) (?:is|are|was|were|means?|does|do|can|will|has|have|must|should"
    r"|allows?|happens?|makes?|takes?|applies|apply)\b"
)
# "Sie" with a verb of the plural also speaks to readers; "es" may stand for nothing ("es gibt").
_GERMAN = (
    r"er\b|sie (?:[^\W\d_]+t|wird|kann|muss|soll|darf)\b|diese[rs]? (?:ist|wird|hat|kann|muss)\b"
)
_FRENCH = (
    r"(?:ils|elles?)\b|il(?! (?:faut|y|n['\u2019]y|suffit|s['\u2019]agit|convient|existe|vaut"
    r"|est (?:\w+ment )?(?:possible|nécessaire|interdit|recommandé|conseillé|important|préférable"
    r"|impossible|obligatoire|utile))\b)\b"
)
_BY_LANGUAGE = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": r"(?:él|ellas?|ellos)\b",
    "it": r"(?:ess[oaie]|egli|lui|lei|loro)\b",
    "ja": r"(?:それ|これ|あれ|彼|彼女)ら?(?:は|が|を|も|の)",
    "zh": r"(?:它|他|她)们?|其(?!他|它|中|余|实)|[这那](?=[是会能可要就将])",
}
_COMPILED = {
    language: re.compile(rf"\W*+(?:{words})", re.IGNORECASE)
    for language, words in _BY_LANGUAGE.items()
}
_UNSURE = ("en", "ja", "zh")  # whose words are none of other languages


def begins_with_pronoun(answer: str, language: str | None) -> bool:
    """Whether an answer's first word is a pronoun that stands for a thing or person.

    `language` None: it is too short to tell, and the words of some languages are looked for.
    """
    languages = _UNSURE if language is None else (language,)
    return any(each in _COMPILED and _COMPILED[each].match(answer) for each in languages)
