"""Words that say little by themselves, in some languages: two texts that share them share nothing.

The tables are short: articles, pronouns, prepositions, conjunctions, auxiliaries and the words
that open a question. A language without a table keeps its short words.
"""

from jobs.text.content_words import ENGLISH_STOP_WORDS

_GERMAN = """
    ab aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf
    aus bei beim bereits bevor bin bis bist da dabei dadurch dafür dagegen daher damit danach
    dann daran darauf daraus darf das dass davon dazu dein dem den denen denn der deren des
    dessen die dies diese diesem diesen dieser dieses doch dort du durch dürfen ein eine einem
    einen einer eines er es etwa etwas euch euer für gegen gibt habe haben hat hatte hier ihm
    ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja je jede jedem jeden jeder jedes
    jedoch kann kein keine keinem keinen keiner können könnte man mehr mein mit muss musst
    müssen nach nachdem nicht nichts noch nur ob obwohl oder ohne sehr sein seine seinem seinen
    seiner seit selbst sich sie sind so sobald sofern solche soll sollen sollte sollten sondern
    sonst statt über um und uns unser unter viel viele vom von vor während wann war waren warum
    was weil welche welchem welchen welcher welches wenn wer werde werden weshalb wie wieso
    wieviele wieder will wir wird wo wobei wodurch wofür womit woran wozu wurde wurden würde zu
    zum zur zwischen
"""
_FRENCH = """
    à afin ainsi alors au aucun aucune aussi autre autres aux avant avec avoir c ce cela celle
    celles celui ces cet cette ceux chaque comme comment d dans de depuis des dès doit doivent
    donc dont du elle elles en encore entre est et étaient était être eu eux fait faut font il
    ils j je jusqu l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui m
    mais me même mêmes mon n ne ni non nos notre nous on ont où ou par parce pas pendant peut
    peuvent plus plusieurs pour pourquoi pourrait puis qu quand que quel quelle quelles quels
    qui quoi s sa sans se selon sera ses si soit son sont sous sur t ta te tous tout toute
    toutes très tu un une vers vos votre vous y
"""
_SPANISH = """
    a al algo algún alguna algunas alguno algunos ante antes así aunque cada como cómo con
    contra cual cuál cuáles cuando cuándo cuanto cuánto cuántos de debe deben del desde después
    donde dónde dos durante e el él ella ellas ellos en entre era es esa ese eso esta está están
    este esto estos fue ha había hace hacer han hasta hay la las le les lo los más me mediante
    mi mientras mismo muy nada ni no nos o otra otras otro otros para pero poco por porque puede
    pueden pues qué que quien quién quienes se sea ser si sí sido sin sino sobre solo son su sus
    también tan tanto te tiene tienen todo todos tras tu un una unas uno unos usted y ya
"""

STOP_WORDS = ENGLISH_STOP_WORDS.union(*(page.split() for page in (_GERMAN, _FRENCH, _SPANISH)))
