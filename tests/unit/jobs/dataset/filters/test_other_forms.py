"""Right values that stand in another form than in their source, and wrong ones in such forms."""

from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from schemas.settings import AnswerSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.filters.test_grounding import source_of

RIGHT = (
    (
        "The lamp burns for 1,500 hours and weighs 0.4 kg.",
        "How heavy is the lamp?",
        "It weighs 400 grams.",
    ),
    (
        "The lamp burns for 1,500 hours and weighs 0.4 kg.",
        "How long does the lamp burn?",
        "The lamp lasts one and a half thousand hours, i.e. 1500 h.",
    ),
    (
        "Wait half an hour before you open the valve.",
        "How long must one wait before opening the valve?",
        "Wait 30 minutes before opening it.",
    ),
    (
        "The pump starts at 2 bar and stops at 4.5 bar.",
        "At which pressures does the pump start and stop?",
        "It starts at 200 kPa and stops at 450 kPa.",
    ),
    (
        "The cache is limited to 1 GB; older entries are dropped.",
        "How large may the cache grow?",
        "Up to 1 gigabyte, after which older entries are dropped.",
    ),
    (
        "The cache is limited to 1 GB; older entries are dropped.",
        "How large may the cache grow?",
        "Up to 1024 MB; older entries are dropped then.",
    ),
    (
        "The service listens on port 8080 by default; set PORT to change it.",
        "How do I let the service listen on port 9000?",
        "Set the variable `PORT` to 9000, as the default is 8080.",
    ),
    (
        "Only members of the group wheel may use su.",
        "Who may use su?",
        "Nobody but members of the `wheel` group.",
    ),
    (
        "Deliveries arrive on Mondays and Thursdays.",
        "How often do deliveries arrive?",
        "Twice a week, on Mondays and Thursdays.",
    ),
    (
        "The museum opened in 1987 and moved in 1999.",
        "How long after its opening did the museum move?",
        "12 years later, in 1999.",
    ),
    (
        "The belt must be replaced after 10,000 km.",
        "When must the belt be replaced?",
        "After 10 000 kilometres.",
    ),
    ("The interest is 0.5 %.", "How high is the interest?", "It is half a percent (0.5 %)."),
    (
        "Set `LOG_LEVEL=debug` for verbose logs.",
        "How do I get verbose logs?",
        "By setting the environment variable `LOG_LEVEL` to `debug`.",
    ),
    (
        "A lock at Harrow Weir takes 7 minutes to fill.",
        "Who operates the lock at Harrow Weir the fastest?",
        "The lock takes seven minutes to fill, whoever operates it.",
    ),
    (
        "Die Lampe brennt 1.500 Stunden und wiegt 0,4 kg.",
        "Wie schwer ist die Lampe?",
        "Sie wiegt 400 g.",
    ),
    (
        "Der Markt findet dienstags und freitags statt.",
        "Wie oft findet der Markt statt?",
        "Zweimal pro Woche, am Dienstag und am Freitag.",
    ),
    (
        "Warten Sie eine Viertelstunde, bevor Sie das Ventil öffnen.",
        "Wie lange muss man warten?",
        "Man muss 15 Minuten warten, bevor man das Ventil öffnet.",
    ),
    ("Der Einlass ist von 8 bis 18 Uhr frei.", "Bis wann ist der Einlass frei?", "Bis 18:00 Uhr."),
    ("Die Gebühr beträgt 1.250,00 Euro.", "Wie hoch ist die Gebühr?", "Sie beträgt 1250 €."),
    ("La lampe brûle 1 500 heures et pèse 0,4 kg.", "Combien pèse la lampe ?", "Elle pèse 400 g."),
    (
        "Le marché a lieu le mardi et le vendredi.",
        "À quelle fréquence le marché a-t-il lieu ?",
        "Deux fois par semaine, le mardi et le vendredi.",
    ),
    (
        "Attendez un quart d'heure avant d'ouvrir la vanne.",
        "Combien de temps faut-il attendre ?",
        "Il faut attendre 15 minutes avant d'ouvrir la vanne.",
    ),
    (
        "La température ne doit pas dépasser 80 degrés.",
        "Quelle est la température maximale ?",
        "Elle est de 80 °C au maximum.",
    ),
    (
        "El mercado abre los martes y los viernes.",
        "¿Cuántas veces por semana abre el mercado?",
        "Abre dos veces por semana: los martes y los viernes.",
    ),
    (
        "La temperatura no debe superar los 80 grados.",
        "¿Cuál es la temperatura máxima?",
        "Son 80 °C como máximo.",
    ),
    (
        "Espere media hora antes de abrir la válvula.",
        "¿Cuánto hay que esperar?",
        "Hay que esperar 30 minutos.",
    ),
    (
        "La lampada pesa 0,4 kg e costa venticinque euro.",
        "Quanto costa la lampada?",
        "Costa 25 euro.",
    ),
    (
        "Il mercato si tiene il martedì e il venerdì.",
        "Quante volte alla settimana si tiene il mercato?",
        "Due volte alla settimana, il martedì e il venerdì.",
    ),
    (
        "La temperatura non deve superare gli 80 gradi.",
        "Qual è la temperatura massima?",
        "È di 80 °C al massimo.",
    ),
    ("会議は午前9時30分に始まり、1時間半続く。", "会議はどのくらい続きますか。", "90分続きます。"),
    ("料金は1500円である。", "料金はいくらですか。", "料金は1,500円です。"),
    ("温度は摂氏80度を超えてはならない。", "温度の上限は何度ですか。", "上限は80℃です。"),
    ("费用为一千五百元。", "费用是多少？", "费用为1500元。"),
    ("温度不得超过80度。", "温度上限是多少？", "温度上限为80℃。"),
    ("使用kiln.conf文件设置端口8080。", "在哪里设置端口？", "在`kiln.conf`文件中设置端口8080。"),
    ("有效期为三年。", "有效期有多长？", "有效期为36个月，即三年。"),
)
WRONG = (
    ("The lamp weighs 0.4 kg.", "How heavy is the lamp?", "The lamp weighs 40 grams."),
    ("Wait half an hour.", "How long must one wait?", "One must wait 15 minutes."),
    ("The pump stops at 4.5 bar.", "When does the pump stop?", "It stops at 45 kPa."),
    ("The cache is limited to 1 GB.", "How large is the cache?", "The cache has 1200 MB."),
    ("It opened in 1987 and moved in 1999.", "When did it move?", "It moved 13 years later."),
    (
        "Der Einlass ist bis 18 Uhr frei.",
        "Bis wann ist er frei?",
        "Der Einlass ist bis 19:00 Uhr frei.",
    ),
    ("Die Gebühr beträgt 1.250,00 Euro.", "Wie hoch ist sie?", "Sie beträgt 125 €."),
    ("La lampada costa venticinque euro.", "Quanto costa?", "La lampada costa 24 euro."),
    ("La température est de 80 degrés.", "Quelle est-elle ?", "Elle est de 80 minutes."),
)


@each_row("evidence, question, answer", RIGHT)
def test_right_value_in_another_form_stays(evidence: str, question: str, answer: str) -> None:
    fault = find_grounded_answer_fault(answer, question, source_of(evidence), AnswerSettings())

    assert fault is None


@each_row("evidence, question, answer", WRONG)
def test_wrong_value_in_another_form_is_dropped(evidence: str, question: str, answer: str) -> None:
    fault = find_grounded_answer_fault(answer, question, source_of(evidence), AnswerSettings())

    assert fault is not None
    assert fault.reason in ("number_not_in_evidence", "unit_not_in_evidence")
