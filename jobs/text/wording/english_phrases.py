"""English phrases for which a training row is dropped, one table for each reason.

A row must stand alone: a reader of the question has not seen the text. The patterns look for
a *way of pointing* at an unseen text, not for single words, since "the text", "above", "author"
and "section" occur in good questions about editors, temperatures, packages and control files.
Texts in other languages pass these tables; the prompts ask for the same in every language.
"""

import re
from collections.abc import Iterable

_SOURCE = (
    r"(?:passage|text|excerpt|extract|snippet|paragraph|chapter|section|subsection|appendix"
    r"|article|document|page|book|handbook|manual|guide|tutorial|listing|table|figure|diagram"
    r"|material|context|sentence|source)s?"
)
_WRITER = r"(?:author|writer|narrator|speaker)s?"
_GIVEN = r"(?:given|provided|above|following|preceding|previous|quoted|same|supplied|present)"
_EXAMPLE = r"(?:example|code|command|program|script|output|list|statement|step|option|sample)s?"
_TOLD = (
    r"(?:mentioned|described|discussed|stated|shown|listed|given|noted|explained|outlined"
    r"|presented|provided|defined|referenced|introduced|covered|specified|quoted|used|cited)"
)
_TOLD_EARLIER = r"(?:mentioned|described|discussed|stated|shown|noted|explained|introduced)"
_TELL = (
    r"(?:say|state|mention|describe|explain|suggest|recommend|discuss|define|claim|imply|argue"
    r"|indicate|note|warn|advise|refer|illustrate|outline|emphasi[sz]e|stress|cover|specify"
    r"|list|talk|tell|give|provide|present|conclude|introduce)"
)
_TELLS = (
    r"(?:says?|states?|mentions?|describes?|explains?|suggests?|recommends?|discusses|defines?"
    r"|claims?|impl(?:y|ies)|argues?|indicates?|notes?|warns?|advises?|outlines?|emphasi[sz]es?"
    r"|covers?|specif(?:y|ies)|lists|gives|provides|presents?|concludes?|introduces?)"
)
_END = r"(?=\s*(?:[?,;.]|$))"
_NO_PLACE = r"(?! (?:the|an?|\d+)\b)"  # "above the prompt", "below 40 degrees" are places

# Questions whose meaning depends on a text that the reader cannot see.
_LEANING_QUESTION = (
    # The source itself: "according to the passage", "in this chapter", "the author thinks".
    rf"according to (?:the|this|these) (?:{_GIVEN} )?(?:{_SOURCE}|{_WRITER}|information)\b",
    rf"based on (?:the|this|these) (?:{_GIVEN} )?(?:{_SOURCE}|information)\b{_END}",
    rf"\bthis {_SOURCE}\b",
    r"\bthese (?:passages|texts|excerpts|paragraphs|chapters|sections|pages|sentences)\b",
    r"\b(?:in|from|of|by) the (?:passage|excerpt|snippet|chapter|extract)\b",
    rf"\b{_TOLD} (?:in|by|on|throughout) the (?:{_GIVEN} )?(?:{_SOURCE}|{_WRITER})\b{_END}",
    rf"\b(?:do|does|did|would|could) the (?:{_GIVEN} )?(?:{_SOURCE}|{_WRITER}) {_TELL}\b",
    rf"\bthe (?:{_SOURCE}|{_WRITER}) {_TELLS}\b",
    r"\b(?:do|does|did|would|is|was) the (?:author|narrator)s?\b"
    r"(?! (?:of|field|name|line|tag|key|entry|attribute|header|column|element)\b)",
    r"\bthe (?:author|writer|narrator)(?:'s|\u2019s|s') (?:view|opinion|point|purpose|intent)",
    rf"\bthe {_GIVEN} (?:{_SOURCE}|information|{_EXAMPLE})\b",
    # Directions: "mentioned above", "the example below", "the following", "earlier", "here".
    rf"\b(?:{_TOLD}|as|see|the|{_SOURCE}|{_EXAMPLE}) (?:above|below)\b{_NO_PLACE}",
    rf"\b{_TOLD} (?:here|there|so far)\b|\b{_TOLD_EARLIER} (?:earlier|previously|before)\b{_END}",
    r"\b(?:above|below|afore|previously|earlier)[- ]?mentioned\b",
    r"\bof the following\b|\bthe following\s*[?:]",
    r"\bthe following \w+ (?:is|are|does|do|would|will|can|should)\b",
    r"\bhere\s*\?$",
    # Participles: "as mentioned", "is mentioned", "the described procedure".
    rf"\bas {_TOLD}(?:,|\s*\?| (?:earlier|previously|before)\b)",
    r"^(?:what|which|who|whose|how many)(?: \w+){0,3} (?:is|are|was|were) mentioned\b",
    r"\b(?:mentioned|discussed)\s*\?$",
    r"\bthe (?:mentioned|described|discussed|quoted|cited) \w+",
    # Examples and quotes that only the text shows.
    rf"\b(?:in|from|of|by) (?:the|this|these|that) (?:{_GIVEN} )?example\b{_END}",
    rf"\b{_EXAMPLE} (?:in|from|of) the example\b",
    r"\bthe example (?:command|code|program|script|configuration|output|file)s?\b",
    rf"\bthis (?:example|code|command|snippet|list|output|step|information)\b{_END}",
    # Traces of the sentence numbers.
    r"(?<!\w)\[\d+\]|\bsentences? (?:number )?\[?\d",
)

_ASK = r"^(?:(?:and|but|so) )?(?:what|why|how|when|where|who|which)"
_BE_DO = r"(?:is|are|was|were|do|does|did|can|could|should|must|will|would|may|might)(?:n't)?"
_FAIR = (
    r"(?:important|necessary|possible|impossible|useful|safe|safer|unsafe|better|best|good|bad"
    r"|recommended|advisable|advised|required|essential|easy|easier|hard|harder|difficult|wise"
    r"|unwise|dangerous|risky|common|likely|unlikely|enough|sufficient|appropriate|acceptable"
    r"|inappropriate|allowed|permitted|desirable|preferable|helpful|crucial|critical|vital|true"
    r"|mandatory|sensible|reasonable|called|considered|normal|convenient|cheaper|faster|wrong"
    r"|beneficial|sometimes|often|still)"
)
_TO_THAT = r"(?:to|that|when|if|for|than|whether)"

# A pronoun at the start stands for something that was never named, unless it is the empty "it"
# of "Why is it important to ...", "How long does it take to ...".
_DANGLING_PRONOUN = (
    r"^(?:it|this|these|those|they|he|she|its|their|such)\b(?! who\b)",
    rf"(?:{_ASK}(?: \w+)? |^)(?:{_BE_DO}|has|have|had) "
    r"(?:this|that|these|those|they|he|she|its|their|them)\b(?! (?:of|who|which)\b)",
    rf"{_ASK}(?: \w+){{2,3}} {_BE_DO} (?:this|these|they|he|she)\b",
    rf"(?:{_ASK}(?: \w+){{0,3}} |^){_BE_DO} it\b"
    rf"(?! (?:\w+ )?(?:take|mean|make sense|matter|cost|help|become)\b.* {_TO_THAT}\b)"
    rf"(?! (?:ever |be |\w+ly |not |more |less |so )?{_FAIR}\b.* {_TO_THAT}\b)"
    r"(?! (?:worth|that)\b)",
)

# Questions about the book as a thing instead of what it teaches.
_ABOUT_THE_BOOK = (
    r"\b(?:title|subject|topic|purpose|focus|structure|content|goal|aim|theme|scope|audience"
    r"|length|layout|main (?:idea|point|topic|focus|theme)|edition|version|author|editor"
    r"|publisher|licen[cs]e|isbn|preface|foreword|conclusion|summary)s? of "
    rf"(?:the|this) {_SOURCE}{_END}",
    rf"\bwho (?:wrote|authored|published|edited|translated|compiled) (?:the|this) {_SOURCE}\b",
    rf"\bwho (?:is|are|was|were) (?:the )?(?:{_WRITER}|editors?|publishers?|translators?){_END}",
    rf"\b(?:copyright|rights)\b.{{0,200}} (?:of|to|for|on) (?:the|this) {_SOURCE}{_END}",
    r"\bwho (?:holds|owns|held) the copyright\b",
    r"\bisbn\b|\btable of contents\b|\ball rights reserved\b",
    rf"\bwhen was (?:the|this) {_SOURCE} (?:\w+ )?(?:published|written|updated|released|revised)",
    rf"\b(?:which|what) edition of the {_SOURCE}\b",
    r"\bhow many (?:chapters|appendices)\b",
    rf"\bhow many \w+ (?:does|do|did) (?:the|this) {_SOURCE} (?:have|contain|cover)",
    r"\b(?:which|what) (?:chapter|appendix|appendices|section|page)s? (?:of \w+ )?(?:\w+ )?"
    r"(?:covers?|describes?|explains?|discuss(?:es)?|deals?|introduces?)\b",
    r"\b(?:in|on) (?:which|what) (?:chapter|appendix|page)\b",
    rf"\b(?:in|on) (?:which|what) section\b.{{0,200}}\b{_TOLD}\b{_END}",
    r"(?<!man )(?<!manual )\b(?:chapter|section|appendix|figure|table|fig\.) "
    r"(?:\d|(?-i:[A-Z]\b|[IVX]+\b))",
    r"\b(?:on|from|see) pages? \d",
    r"\breaders? (?:learn|expect|be able|encouraged|advised|assumed|supposed|find)\b",
    r"\bthe (?:intended|target) (?:audience|reader|readership)\b",
)

# More than one question, or a label in front of it.
_SECOND_QUESTION = (
    r"[?]['\"\u201d\u2019)]?\s+['\"\u201c(]?(?-i:[A-Z])",
    rf",? and (?:(?:on|in|at|for|with|to|from|by|of) )?"
    rf"(?:what|why|how|when|where|whom?|which)(?: \w+)? {_BE_DO}\b",
    r"^(?:q(?:uestion)?\s*\d*\s*[:.)]|\d+\s*[.)]\s|[-*\u2022]\s)",
)

_I_SAY = r"(?:^|[.!?:]\s+)(?:unfortunately,? |sorry,? (?:but )?)?i"
_SEEN = rf"(?:the|this|that) (?:{_GIVEN} )?(?:{_SOURCE}|information)"

# Refusals: answers that say that they have no answer.
_NON_ANSWER = (
    rf"{_I_SAY}(?:'m| am|\u2019m) (?:sorry|afraid|unable|not (?:able|sure|certain))\b",
    rf"{_I_SAY} (?:can(?:no|['\u2019])t|could not|couldn['\u2019]t|do not|don['\u2019]t) (?:know"
    r"|have|find|see|answer|provide|determine|help|assist|tell|access|comply|fulfil)",
    r"\bas an? (?:ai|artificial|(?:large )?language model)\b",
    r"^(?:sorry|i apologi[sz]e|my apologies)\b",
    rf"\b{_SEEN} (?:(?:itself|alone|here) )?(?:does not|doesn['\u2019]t|did not|do not)"
    rf" (?:explicitly |directly |specifically |actually )?{_TELL}\b",
    rf"\b{_SEEN} (?:provides|gives|contains|makes|has) no\b",
    rf"\bnot (?:\w+ly )?{_TOLD} (?:in|by|within) {_SEEN}\b",
    rf"\bnot (?:explicitly|specifically|directly) {_TOLD}\b{_END}",
    r"\b(?:no|not enough|insufficient) (?:such |relevant |further |specific )?information "
    r"(?:is |was )?(?:given|provided|available|to (?:answer|determine))\b",
    r"\bthere is (?:no|not enough|insufficient) (?:information|mention|indication)\b",
    r"\bcan(?:not|['\u2019]t| not) be (?:determined|answered|inferred|known) (?:from|based)\b",
)

# Answers that point at a text which the reader of the row may not see.
_LEANING_ANSWER = (
    rf"\baccording to (?:the|this) (?:{_GIVEN} )?(?:{_SOURCE}|{_WRITER}|information)\b{_END}",
    rf"\bbased on {_SEEN}\b{_END}",
    rf"\b(?:{_SEEN}|the {_WRITER}) (?:also |explicitly |specifically |only )?{_TELLS}\b",
    r"\b(?:in|from|of) (?:the|this) (?:passage|excerpt|snippet|extract|chapter)\b",
    rf"\b{_TOLD} (?:in|by|on) (?:{_SEEN}|the {_WRITER})\b{_END}",
    rf"\bthe (?:provided|supplied|quoted|given) (?:{_SOURCE}|information)\b",
    rf"\b{_TOLD_EARLIER} (?:above|below|earlier|previously)\b{_NO_PLACE}",
    r"\bsentences? (?:number )?\[?\d|(?<=\s)\(?\[\d+\](?:\s*,\s*\[\d+\])*\)?(?=[.,;]|\s*$)",
)


def _any_of(*tables: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for table in tables for line in table), re.IGNORECASE)


LEANING_QUESTION = _any_of(_LEANING_QUESTION, _DANGLING_PRONOUN)
ABOUT_THE_BOOK = _any_of(_ABOUT_THE_BOOK)
SECOND_QUESTION = _any_of(_SECOND_QUESTION)
NON_ANSWER = _any_of(_NON_ANSWER)
LEANING_ANSWER = _any_of(_LEANING_ANSWER)
