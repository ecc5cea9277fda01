"""Phrases for which a row is dropped in German, French, Spanish and Italian, and more in English.

Like those of `english_phrases` they are a first net and no more: what they look for is a way of
pointing at a text that the reader has not seen, or of saying that it holds no answer.
"""

import re
from collections.abc import Iterable

_DE_TEXT = r"(?:text|textstelle|auszug|abschnitt|absatz|kapitel|passage|artikel|dokument)(?:e?s|e)?"
_FR_TEXT = r"(?:texte|extrait|passage|paragraphe|chapitre|article|document)"
_ES_TEXT = r"(?:texto|extracto|pasaje|fragmento|párrafo|capítulo|artículo|documento)"

_IT_TEXT = r"(?:testo|estratto|brano|passaggio|paragrafo|capitolo|articolo|documento)"
_IT_ASK = r"^(?:cosa|che|perché|come|quando|dove|chi|qual|quali)"

_DE_ASK = r"^(?:was|warum|weshalb|wieso|wie|wann|wo|wer|welche[rsnm]?|wozu|wodurch|wofür)"
_DE_BE = r"(?:ist|sind|war|wird|wäre|kann|muss|soll|sollte|gilt|bedeutet|heißt|macht|tut)"
_FR_ASK = r"^(?:que|qu['\u2019]|quoi|pourquoi|comment|quand|où|qui|quels?|quelles?)"
_ES_ASK = r"^\u00bf?(?:qué|por qué|cómo|cuándo|dónde|quién|cuál|cuáles)"

_LEANING_QUESTION = (
    rf"\b(?:laut|gemäß|nach) (?:dem|diesem|des|dieses) (?:\w+en )?{_DE_TEXT}\b",
    rf"\b(?:im|in dem|in diesem|aus dem) (?:obigen |vorliegenden |folgenden )?{_DE_TEXT}\b",
    rf"\bdiese[rsmn]? {_DE_TEXT}\b",
    r"\b(?:der|des|dem|laut) (?:autor|verfasser)(?:s|in)?\b(?! (?:des|der|eines) )",
    r"\b(?:oben|unten|zuvor|vorher|hier) (?:genannt|erwähnt|beschrieben|gezeigt|aufgeführt)",
    r"\b(?:obig|nachstehend|vorstehend|folgend)e[nmrs]? (?:beispiel|befehl|liste|code|abschnitt)",
    r"\bder folgenden\b|\bwerden? (?:hier )?(?:erwähnt|genannt|beschrieben)\s*\?$",
    rf"{_DE_ASK}(?: \w+)? {_DE_BE} (?:das|dies|er|sie)\b"
    r"(?=\s*(?:\?|eine?\b|nicht\b|so\b|wichtig|nötig|notwendig|sinnvoll|gefährlich|schlecht|gut))",
    r"\b(?:dabei|dafür|dagegen|dazu|damit|danach|hierfür|hierbei)\s*\?$",
    rf"\b(?:selon|d['\u2019]après) (?:le|l['\u2019]|ce|cet) ?{_FR_TEXT}\b",
    rf"\b(?:dans|de) (?:ce|cet|le|l['\u2019]) ?(?:présent )?{_FR_TEXT}\b",
    r"\bl['\u2019]auteur (?:dit|recommande|explique|conseille|pense|propose|indique)",
    r"\b(?:recommande|dit|explique|conseille)(?:-t-il|-t-elle)? l['\u2019]auteur\b",
    r"\b(?:mentionn|décrit|indiqu|cit)\w* (?:ci-dessus|ci-dessous|plus haut|plus bas|ici)\b",
    r"\bparmi (?:les|ces) (?:suivants|propositions)\b|\bsuivante?s?\s*\?$",
    rf"{_FR_ASK}(?: \w+)? (?:est-ce|cela|c['\u2019]est|est-il|est-elle|fait-il|fait-elle)"
    r"(?=\s*(?:\?|important|nécessaire|utile|dangereux|une? ))",
    rf"\b(?:según|de acuerdo con) (?:el|este) {_ES_TEXT}\b|\b(?:en|de) este {_ES_TEXT}\b",
    r"\bel autor (?:dice|recomienda|explica|sugiere|piensa)|\b(?:dice|recomienda) el autor\b",
    r"\b(?:mencionad|descrit|indicad)[oa]s? (?:arriba|abajo|anteriormente|aquí)\b",
    rf"{_ES_ASK}(?: \w+)? es (?:esto|eso|esta|importante|necesari[oa])\s*\?",
    rf"\b(?:secondo|in base a) (?:il|l['\u2019]|questo) ?{_IT_TEXT}\b"
    rf"|\b(?:in|di) quest[oa'\u2019] ?{_IT_TEXT}\b",
    r"\bl['\u2019]autore (?:dice|consiglia|spiega|raccomanda|pensa)\b"
    r"|\b(?:dice|consiglia|spiega|raccomanda) l['\u2019]autore\b",
    r"\b(?:menzionat|descritt|indicat|citat|mostrat)[oaie] (?:sopra|sotto|prima|qui)\b"
    r"|\b(?:suddett|sopracitat|summenzionat)[oaie]\b",
    rf"{_IT_ASK}(?: \w+)? (?:\u00e8|fa) (?:questo|quello|ci\u00f2)\s*\?",
)

_ABOUT_THE_BOOK = (
    r"\bwhen (?:was|were) the (?:page|article|document|documentation|manual|web ?site|guide)\b"
    r".{0,200}\b(?:updated|published|written|revised|modified)\b",
    r"\blast (?:updated|modified|revised)\s*\?$",
    r"\bwho (?:maintains|wrote|writes|publishes|edits|hosts) (?:the |this )?(?:[\w.'-]+ ){0,3}"
    r"(?:documentation|manual|page|web ?site|handbook|guide)\b",
    r"\bwhat is (?:listed|shown|found|written|displayed|linked) (?:at|on|under) "
    r"(?:https?://|the (?:page|site))",
    r"\b(?:abschnitt|kapitel|anhang|abbildung|tabelle|chapitre|annexe|tableau|capítulo|sección"
    r"|anexo|tabla) (?:\d|[A-Z]\b)|\b(?:seite|page|página) \d",
    r"\b(?:in|auf) welche[mr] (?:kapitel|abschnitt|seite)\b",
    r"\bwer (?:hat|ist)\b.{0,200}\b(?:autor|verfasser|herausgeber|handbuch|dokument)\w*\b"
    r".{0,200}(?:geschrieben|verfasst)?\s*\?$",
    r"\bwie (?:lautet|heißt) der titel\b|\bwovon handelt\b|\bwann wurde\b.{0,200}"
    r"\b(?:dokument|handbuch|seite|dokumentation)\b.{0,200}\b(?:aktualisiert|veröffentlicht|geändert)\b",
    r"\bquel est le titre\b|\bdans quel(?:le)? (?:chapitre|section|page)\b"
    r"|\bqui (?:a écrit|est l['\u2019]auteur)\b",
    r"\bquand\b.{0,200}\b(?:page|document|manuel|documentation)\b"
    r".{0,200}\b(?:mise? à jour|publiée?)\b",
    r"\bqual è il (?:titolo|tema|argomento) (?:del|di quest[oa'\u2019])|\bchi ha scritto\b"
    r"|\b(?:in|di) (?:quale|che) (?:capitolo|sezione|pagina)\b",
    r"\bcuál es el título\b|\ben qué (?:capítulo|sección|página)\b|\bquién (?:escribió"
    r"|es el autor)\b",
)

_SECOND_QUESTION = (
    r",? und (?:was|warum|weshalb|wie|wann|wo|wer|welche[rsnm]?|wozu)(?: \w+){0,2} "
    r"(?:ist|sind|wird|werden|kann|können|muss|müssen|soll|sollte|darf|hat|haben"
    r"|geschieht|macht)\b",
    r",? et (?:que|pourquoi|comment|quand|où|qui|quels?|quelles?)\b.*\?$",
    r",? y (?:qué|por qué|cómo|cuándo|dónde|quién|cuál)\b",
    r",? e (?:cosa|perché|come|quando|dove|chi|quale|quanto) .*\?$",
)

_NON_ANSWER = (
    rf"\b(?:der|dieser|das|dieses) (?:vorliegende |gegebene |angegebene )?{_DE_TEXT} "
    r"(?:selbst )?(?:macht|enthält|gibt|nennt|erwähnt|sagt|liefert|beantwortet)\b[^.]*"
    r"\b(?:keine?n?|nicht|nichts)\b",
    rf"\b(?:enthält|nennt|gibt|macht|erwähnt|liefert) (?:der|dieser|das) {_DE_TEXT}\b[^.]*"
    r"\b(?:keine?n?|nicht|nichts)\b",
    rf"\b(?:im|in diesem|aus dem) {_DE_TEXT}\b[^.]*\b(?:nicht (?:erwähnt|genannt|angegeben|hervor"
    r"|beantwort\w+)|keine (?:angabe|information|antwort))",
    r"\b(?:es tut mir leid|tut mir leid)\b|^leider (?:kann|weiß|habe|lässt|enthält|gibt)\b",
    r"\bkann ich (?:leider )?(?:\w+ )?nicht (?:beantworten|sagen|finden)\b"
    r"|\bich weiß (?:es )?nicht\b",
    r"\b(?:dazu|darüber|hierzu) (?:gibt es|liegen|finden sich) keine (?:angaben?|information)",
    r"\blässt sich (?:daraus |anhand \w+ \w+ )?nicht (?:beantworten|bestimmen)\b",
    rf"\b(?:le|l['\u2019]|ce|cet) ?{_FR_TEXT} (?:fourni )?ne (?:mentionne|dit|précise"
    rf"|donne|contient"
    r"|indique|permet)\b[^.]*\b(?:pas|aucune?|rien)\b",
    r"\bje suis désolée?\b|^désolée?\b|\bje ne (?:sais|peux|trouve) pas\b"
    r"|\baucune information (?:n['\u2019]est|à ce sujet|sur)\b|\bil n['\u2019]est pas précisé\b",
    rf"\b(?:el|este) {_ES_TEXT} no (?:menciona|dice|especifica|indica|contiene|proporciona)\b",
    rf"\b(?:il|l['\u2019]|questo) ?{_IT_TEXT} non (?:menziona|dice|specifica|indica|contiene"
    r"|fornisce)\b|\bmi dispiace\b|\bnon (?:posso|so) (?:rispondere|dire)\b"
    r"|\bnon ci sono informazioni\b",
    r"\blo siento\b|\bno (?:puedo|sé) (?:responder|contestar|decir)?|\bno hay información\b",
)

_LEANING_ANSWER = (
    rf"\b(?:laut|gemäß) (?:dem|diesem) (?:\w+en )?{_DE_TEXT}\b|\bdiese[rsm]? {_DE_TEXT}\b",
    rf"\b(?:der|das) (?:vorliegende )?{_DE_TEXT} (?:sagt|besagt|erklärt|beschreibt|nennt"
    rf"|empfiehlt)\b",
    rf"\b(?:wie|so) (?:im|in diesem|oben|zuvor) ?(?:{_DE_TEXT} )?(?:beschrieben|erwähnt|genannt)",
    r"\bder (?:autor|verfasser) (?:sagt|empfiehlt|erklärt|schreibt|rät)\b|\bsatz (?:nummer )?\[?\d",
    rf"\b(?:selon|d['\u2019]après) (?:le|l['\u2019]|ce|cet) ?{_FR_TEXT}\b",
    rf"\b(?:le|l['\u2019]|ce|cet) ?{_FR_TEXT} (?:dit|indique|explique|précise|décrit|mentionne)\b",
    r"\bl['\u2019]auteur (?:dit|recommande|explique|conseille|indique)\b"
    r"|\bcomme (?:mentionné|indiqué|décrit) (?:ci-dessus|plus haut)\b|\bphrase \[?\d",
    rf"\bsegún (?:el|este) {_ES_TEXT}\b|\b(?:el|este) {_ES_TEXT} (?:dice|indica|explica"
    rf"|menciona)\b",
    r"\bel autor (?:dice|recomienda|explica|indica)\b|\bcomo se (?:mencionó"
    r"|indicó) (?:arriba|antes)",
    rf"\bsecondo (?:il|l['\u2019]|questo) ?{_IT_TEXT}\b"
    rf"|\b(?:il|l['\u2019]|questo) ?{_IT_TEXT} (?:dice|indica|spiega|menziona)\b",
    r"\bcome (?:detto|indicato|mostrato|descritto|menzionato|visto) (?:sopra|prima|in precedenza)\b"
    r"|\bl['\u2019]autore (?:dice|consiglia|spiega|indica)\b",
)

# What a chat model says before it answers, in any of these languages.
_PREFACE = (
    r"^(?:sure|great question|good question|okay|ok|no problem)\b\s*[!,.:\u2013-]",
    # With a comma these may also open a sentence that answers: "Of course, that takes longer."
    r"^(?:certainly|of course|absolutely|natürlich|selbstverständlich|bien sûr|certainement|claro"
    r"|por supuesto)\s*[!.:\u2013-]",
    r"^(?:here(?: is|['\u2019]s)|this is) (?:the|your|my|an) (?:answer|response|explanation)\b",
    r"^(?:the )?answer\s*:",
    r"^(?:gerne|klar|gute frage)\s*[!,.:\u2013-]",
    r"^hier ist (?:die|deine|ihre|eine) antwort\b|^antwort\s*:",
    r"^(?:avec plaisir|bonne question)\s*[!,.:\u2013-]",
    r"^voici (?:la|votre|une) réponse\b|^réponse\s*:",
    r"^(?:certo|volentieri|ottima domanda|buona domanda)\s*[!.:\u2013-]"
    r"|^ecco (?:la|una) risposta\b|^risposta\s*:",
    r"^(?:con gusto|buena pregunta)\s*[!,.:\u2013-]|^aquí (?:está"
    r"|tiene)s? (?:la|su) "
    r"respuesta\b|^respuesta\s*:",
)


def _any_of(lines: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for line in lines), re.IGNORECASE)


LEANING_QUESTION = _any_of(_LEANING_QUESTION)
ABOUT_THE_BOOK = _any_of(_ABOUT_THE_BOOK)
SECOND_QUESTION = _any_of(_SECOND_QUESTION)
NON_ANSWER = _any_of(_NON_ANSWER)
LEANING_ANSWER = _any_of(_LEANING_ANSWER)
PREFACE = _any_of(_PREFACE)
