"""Tells the form of a question: answered by yes or no, or about something that it does not name."""

import re

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
_YES_NO_END = re.compile(r"(?:吗|嗎|か否か|でしょうか|ますか|ですか)[?\uff1f]$")
_ASKING_WORD = re.compile(  # in Chinese and Japanese it may stand anywhere
    r"什么|什麼|哪|谁|誰|何|なぜ|どう|どこ|どの|どれ|いつ|いくつ|如何|怎|为什么|為什麼|多少|几"
)
_CHOICE = re.compile(r"\s(?:or|oder|ou|o)\s", re.IGNORECASE)
_LAST_SENTENCE = re.compile(r"(?:^|[.!?\u3002\uff01]\s+)(?:[^.!?]|[.](?=\S))*[?\uff1f]\W*$")

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


def asks_yes_or_no(question: str) -> bool:
    """Whether yes or no answers a question; one that offers a choice ("a or b") asks for that.

    Of several sentences the last is the question.
    """
    asked = last_sentence(question)
    if _YES_NO_END.search(asked):
        return not _ASKING_WORD.search(asked)
    if _GERMAN_VERB_FIRST.match(asked) and not _GERMAN_ASKING_WORD.search(asked):
        return not _CHOICE.search(asked)
    return _YES_NO.match(asked) is not None and not _CHOICE.search(asked)


def last_sentence(question: str) -> str:
    """The sentence that asks."""
    found = _LAST_SENTENCE.search(question)
    return found[0].lstrip(".!? \u3002\uff01") if found else question


def names_nothing(telling_words: frozenset[str]) -> bool:
    """Whether words fit anything: "What happens if the command fails?"."""
    return telling_words <= _NAMELESS
