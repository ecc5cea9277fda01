"""Tells the form of a question: answered by yes or no, or about something that it does not name."""

import re
from collections.abc import Mapping

from jobs.text.word_overlap import telling_words

# By language, the words with which anything but yes or no is asked for: a closed class.
_ASKING_WORDS: Mapping[str, re.Pattern[str]] = {
    language: re.compile(rf"\b(?:{words})", re.IGNORECASE)
    for language, words in {
        "en": r"(?:what|why|how|when|where|which|whom?|whose)",
        "de": (
            r"(?:was|wer|wen|wem|wessen|wann|warum|weshalb|weswegen|(?:in)?wie|welch)"
            r"|wo(?:\b|r?(?:an|auf|aus|bei|durch|für|gegen|her|hin|in|mit|nach|um|über|unter|von|vor"
            r"|zu)(?:hin)?\b)"
        ),
        "fr": (
            r"(?:que\b|qu['\u2019]|quoi|pourquoi|comment|quand|où\b|qui\b|quel|lequel|laquelle"
            r"|(?:les|aux?|du|des)quel|combien)"
        ),
        "es": r"(?:qué|quién|cómo|cuándo|dónde|cuál|cuánt|adónde)",
        "it": r"(?:che\b|cos[a'\u2019]|chi\b|com[e'\u2019]|quand|dov[e'\u2019]|perch|qual|quant)",
        "pt": r"(?:que\b|quê|quem|como|quando|a?onde|porqu|qual|quais|quant)",
        "nl": r"(?:wat|wie|welke?\b|wanneer|waar|hoe)",
    }.items()
}
_QUESTION_MARKS = re.compile(r"(?<=\S)[?](?=\s|$)|\uff1f")
_QUOTED_OR_CODE = re.compile(
    r"`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]{0,400}\u201d|\u201e[^\u201c]{0,400}\u201c|\u00ab[^\u00bb]{0,400}"
    r"\u00bb|[\u300c\u300e][^\u300d\u300f]{0,400}[\u300d\u300f]|[^\s?]{0,99}+[?]\S"
)
_FIRST_CLAUSE = re.compile(  # "When the disk is full, does ...": what is asked comes behind it
    r"^(?:if|unless|while|once|after|before|because|although"
    r"|(?:when|where|as) (?!(?:is|are|was|were|do|does|did|can|could|should|must|will|would|may"
    r"|might|has|have|had)\b))[^,]+,\s*",
    re.IGNORECASE,
)
_AND_AGAIN = re.compile(  # a second question that yes or no answers
    r", (?:and|or) (?:is|are|was|were|do|does|did|can|could|should|must|will|would|may|has|have)"
    r" (?:it|they|this|that|these|he|she|there|the|an?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|they|them|its|their|he|she|er|sie|ihn|ihm|ihnen|elles?|ils|eux"
    r"|th(?:is|ese|ose)|dies(?:e[rmns]?)?|cela|ça)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_POINTING_START = re.compile(r"(?:では|なぜ)?(?:そ|こ|あ)(?:れ|の)|.{0,4}(?:这|這|它|该|該)")

_YES_NO_OPENINGS = {
    "en": (
        r"(?:is|are|was(?= (?:the|an?|it|there|that|this)\b)|were"
        r"|do|does|did|can|could|should|must|will|would|may|might|shall|has|have"
        r"|had)(?:n['\u2019]t)?\s"
    ),
    "de": (
        r"(?:ist|sind|war|waren|wird|werden|wurde|wurden|kann|können|könnte|darf|dürfen|muss|müssen"
        r"|soll|sollen|sollte|sollten|hat|haben|hatte|gibt es|gilt|gelten|braucht|lässt sich|lassen"
        r" sich|funktioniert|unterstützt|gehört|gehören|bleibt|bleiben|enthält|besteht)\s"
    ),
    "fr": (
        r"(?:est-ce qu|(?:est|sont|peut|peuvent|doit|doivent|faut|a|ont|y a|existe|sera|seront)"
        r"-(?:t-)?(?:il|elle|ils|elles|on|ce)\b"
        r"|(?:le|la|les|l['\u2019]|un|une|des)\s?[^,?]{1,80}?\s?\b(?:est|sont|peut|peuvent|doit"
        r"|doivent|a|ont)-(?:t-)?(?:il|elle|ils|elles)\b)"
    ),
    "es": (
        r"\u00bf?\s?(?:es|son|está|están|puede|pueden|debe|deben|hay|se puede|se debe|tiene|tienen"
        r"|existe|existen|fue|hace falta)\s"
    ),
}
_YES_NO = re.compile(
    "|".join(rf"(?:{opening})" for opening in _YES_NO_OPENINGS.values()), re.IGNORECASE
)
_GERMAN_VERB_FIRST = re.compile(
    r"(?!(?:mit|seit|laut|nächst|zuletzt|jetzt|unter|hinter|neben|zwischen|gegen|wegen|außen|innen"
    r"|hätten|wenn|wann|vorn)\b)[^\W\d_]+(?:t|en|n) (?:der|die|das|dem|den|ein|eine|einen|einem"
    r"|einer|es|man|er|sie|ihr|wir|du|dieser|diese|dieses|sich|alle|jede[rs]?)\s",
    re.IGNORECASE,
)
_GERMAN_ASKING_WORD = re.compile(
    r"\b(?:was|wer|wen|wem|wessen|wie\w*|wo\w*|wann|warum|weshalb|wieso|welche\w*)\b", re.IGNORECASE
)
_YES_NO_END = re.compile(r"(?:吗|嗎|か)[?\uff1f]$|か[。．]?$|是否|(\w)不\1|有没有|有沒有")
_ASKING_WORD = re.compile(  # in Chinese and Japanese it may stand anywhere
    r"什么|什麼|哪|谁|誰|何|なぜ|なに|なん|だれ|ど[うこのれちんな]|いつ|いく[つら]|幾|如何|怎|多[少久大长高远重]|几"
)
_CHOICE = re.compile(r"\s(?:or|oder|ou|o)\s|还是|還是|それとも|か、", re.IGNORECASE)
_LAST_SENTENCE = re.compile(
    r"(?:^|(?<=\S)[.!?\u3002\uff01]\s+)"
    r"(?:[^.!?]|[.](?=\S)|(?<=\s)[?](?=\s))*[?\uff1f]\W*$"
)

# Words that questions about anything may hold. A question of these alone names nothing.
_NAMELESS = frozenset(
    """
    command commands option options file files program programs script scripts function functions
    setting settings tool tools package packages parameter parameters value values variable
    variables method methods field fields step steps procedure process system user users case
    problem error thing things way work works working fail fails failed happen happens need needed
    mean means necessary important recommend recommended first next last second new old default
    change changed changes set start started stop stopped good bad idea difference reason purpose
    result results effect required possible best different correct wrong
    befehl befehle option optionen datei dateien programm skript funktion einstellung werkzeug paket
    pakete parameter wert werte variable methode feld schritt schritte vorgang system benutzer fall
    problem fehler sache weise passiert geschieht geschehen tun machen nötig notwendig wichtig
    empfohlen nächstes zuerst anders schlechte schlecht gute gut idee unterschied grund zweck
    ergebnis folge fehlschlägt scheitert bedeutet nötig neu alt standard gleiche
    commande option fichier programme script fonction réglage outil paquet paramètre valeur variable
    méthode champ étape système utilisateur cas problème erreur chose passe arrive échoue nécessaire
    important recommandé différence raison but résultat effet mauvaise bonne idée
    comando opción archivo programa función ajuste herramienta paquete parámetro valor método campo
    paso sistema usuario caso problema error cosa pasa ocurre falla necesario importante diferencia
    razón resultado mala buena idea
    """.split()  # noqa: SIM905 - a page of quoted words reads worse
)


def asks_yes_or_no(question: str, language: str | None = None) -> bool:
    """Whether yes or no answers a question; one that offers a choice ("a or b") asks for that.

    Of several sentences the last is the question. In a known language it is one also where no
    word asks for anything else.
    """
    plain = _QUOTED_OR_CODE.sub("-", question)  # a quote may hold marks of its own
    asked = _FIRST_CLAUSE.sub("", last_sentence(plain), count=1)
    if _YES_NO_END.search(asked):
        return not (_ASKING_WORD.search(asked) or _CHOICE.search(asked))
    if (
        language is not None
        and language in _ASKING_WORDS
        and not _asks_for_something(asked, language)
    ):
        return not _CHOICE.search(asked)
    if _GERMAN_VERB_FIRST.match(asked) and not _GERMAN_ASKING_WORD.search(asked):
        return not _CHOICE.search(asked)
    return _YES_NO.match(asked) is not None and not _CHOICE.search(asked)


def _asks_for_something(asked: str, language: str) -> bool:
    """Whether it has an asking word; one of another language counts where it comes first."""
    others = (words.match(asked) for words in _ASKING_WORDS.values())
    return _ASKING_WORDS[language].search(asked) is not None or any(others)


def asks_in_other_language(question: str, language: str | None) -> bool:
    """Whether it begins with an asking word of another language and has none of `language`.

    Told of questions too short for anything else, where both languages are known.
    """
    own = _ASKING_WORDS.get(language or "")
    if own is None or own.search(question):
        return False
    return any(words.match(question) for words in _ASKING_WORDS.values())


def asks_twice(question: str) -> bool:
    """Whether a text holds two questions, by their marks or by what is asked behind an "and"."""
    plain = _QUOTED_OR_CODE.sub(" ", question)
    return len(_QUESTION_MARKS.findall(plain)) > 1 or _AND_AGAIN.search(plain) is not None


def stands_on_pronoun(question: str) -> bool:
    """Whether a pronoun is all that a question names, beside one word next to it.

    "When is it read?", "Quand retentit-elle ?": of what, only a text says that is not there.
    """
    if _POINTING_START.match(question):
        return True
    words = _WORD.findall(question)
    places = {n for n, word in enumerate(words) if _PRONOUN.fullmatch(word)}
    others = [word for n, word in enumerate(words) if not places & {n - 1, n, n + 1}]
    named = telling_words(" ".join(others)) - _NAMELESS
    return bool(places) and not named and not re.search(r"[`\d]", question)


def last_sentence(question: str) -> str:
    """The sentence that asks."""
    found = _LAST_SENTENCE.search(question)
    return found[0].lstrip(".!? \u3002\uff01") if found else question


def names_nothing(telling_words: frozenset[str]) -> bool:
    """Whether words fit anything: "What happens if the command fails?"."""
    return telling_words <= _NAMELESS
