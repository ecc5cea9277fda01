"""Amounts that an answer writes in another form than its evidence, and wrong ones in such forms."""

from jobs.dataset.filters.grounding import find_ungrounded
from tests.rows import each_row
from tests.unit.jobs.dataset.filters.test_grounding import source_of

RIGHT = (
    ("The dough rests for an hour and a half.", "The dough rests for 90 minutes."),
    ("The dough rests for an hour and a half.", "The dough rests for 1.5 hours."),
    ("The dough rests for an hour and a half.", "It rests 1 h 30 min."),
    ("The dough rests for an hour and a half.", "It rests for 1:30 hours."),
    ("The dough rests for 90 minutes.", "The dough rests for an hour and a half."),
    ("The dough rests for 90 minutes.", "The dough rests for one and a half hours."),
    ("The dough rests for 90 minutes.", "The dough rests for 1½ hours."),
    ("The dough rests for 90 minutes.", "The dough rests for 1 1/2 hours."),
    ("The dough rests for 90 minutes.", "The dough rests for 1 hour 30 minutes."),
    ("The dough rests for 90 minutes.", "The dough rests for 1 hour and 30 minutes."),
    ("The dough rests for 1:30 h.", "The dough rests for 90 minutes."),
    ("The film runs 1:45.", "The film runs for 105 minutes."),
    ("The film runs 105 minutes.", "The film runs for 1:45."),
    ("The film runs 1 hour 45 minutes.", "The film runs for 105 minutes."),
    ("Add ½ cup of milk.", "Half a cup of milk is added."),
    ("Add ½ cup of milk.", "Add 1/2 cup of milk."),
    ("Add ½ cup of milk.", "Add 0.5 cups of milk."),
    ("Add half a cup of milk.", "Add ½ cup of milk."),
    ("Add half a cup of milk.", "Add 1/2 cup of milk."),
    ("Add 1/2 cup of milk.", "Add ½ cup of milk."),
    ("Add 2½ cups of flour.", "Add 2.5 cups of flour."),
    ("Add 2½ cups of flour.", "Add 2 1/2 cups of flour."),
    ("Add 2½ cups of flour.", "Add two and a half cups of flour."),
    ("About ⅓ of the members voted.", "About one third of the members voted."),
    ("About ⅓ of the members voted.", "About 1/3 of the members voted."),
    ("About a third of the members voted.", "About ⅓ of the members voted."),
    ("About two thirds of the members voted.", "About ⅔ of the members voted."),
    ("About two thirds of the members voted.", "About 2/3 of the members voted."),
    ("About three quarters of the members voted.", "About ¾ of the members voted."),
    ("About three quarters of the members voted.", "About 75% of the members voted."),
    ("About half of the members voted.", "About 50% of the members voted."),
    ("A quarter of the water evaporates.", "25 percent of the water evaporates."),
    ("25% of the water evaporates.", "A quarter of the water evaporates."),
    ("The hall has 250 m².", "The hall has 250 square metres."),
    ("The hall has 250 m².", "The hall has 250 m2."),
    ("The hall has 250 m2.", "The hall has 250 m²."),
    ("The hall has 250 square metres.", "The hall has 250 sq m."),
    ("The hall has 250 sq m.", "The hall has 250 m²."),
    ("The tank holds 5 m³.", "The tank holds 5 cubic metres."),
    ("The tank holds 5 m³.", "The tank holds 5,000 litres."),
    ("The tank holds 5 cubic meters.", "The tank holds 5 m3."),
    ("The garden has 2 ha.", "The garden has 20,000 m²."),
    ("The garden has 2 ha.", "The garden has 2 hectares."),
    ("The park covers 3 km².", "The park covers 3 square kilometres."),
    ("The piston displaces 250 cm³.", "The piston displaces 250 ml."),
    ("The piston displaces 250 cm³.", "The piston displaces 0.25 litres."),
    ("The piston displaces 250 cc.", "The piston displaces 250 cm³."),
    ("Der Teig ruht anderthalb Stunden.", "Der Teig ruht 90 Minuten."),
    ("Der Teig ruht eineinhalb Stunden.", "Der Teig ruht 1,5 Stunden."),
    ("Der Teig ruht zweieinhalb Stunden.", "Der Teig ruht 150 Minuten."),
    ("Der Teig ruht zweieinhalb Stunden.", "Der Teig ruht 2,5 Stunden."),
    ("Der Teig ruht 150 Minuten.", "Der Teig ruht zweieinhalb Stunden."),
    ("Die Halle hat 250 Quadratmeter.", "Die Halle hat 250 m²."),
    ("Der Tank fasst 5 Kubikmeter.", "Der Tank fasst 5000 Liter."),
    ("Eine Dreiviertelstunde vorher wird geheizt.", "Es wird 45 Minuten vorher geheizt."),
    ("Ein Viertel der Mitglieder stimmte zu.", "25 % der Mitglieder stimmten zu."),
    ("Ein halber Liter Milch kommt dazu.", "Es kommen 0,5 Liter Milch dazu."),
    ("Ein halber Liter Milch kommt dazu.", "Es kommen 500 ml Milch dazu."),
    ("La pâte repose une heure et demie.", "La pâte repose 90 minutes."),
    ("La pâte repose deux heures et demie.", "La pâte repose 150 minutes."),
    ("La pâte repose deux heures et demie.", "La pâte repose 2 h 30."),
    ("La pâte repose 1 h 30.", "La pâte repose 90 minutes."),
    ("La pâte repose 1h30.", "La pâte repose une heure et demie."),
    ("La salle mesure 40 mètres carrés.", "La salle mesure 40 m²."),
    ("La masa reposa una hora y media.", "La masa reposa 90 minutos."),
    ("La masa reposa dos horas y media.", "La masa reposa 2,5 horas."),
    ("La sala mide 40 metros cuadrados.", "La sala mide 40 m²."),
    ("Se añade medio litro de leche.", "Se añaden 500 ml de leche."),
    ("L'impasto riposa un'ora e mezza.", "L'impasto riposa 90 minuti."),
    ("L'impasto riposa due ore e mezza.", "L'impasto riposa 150 minuti."),
    ("La sala misura 40 metri quadrati.", "La sala misura 40 m²."),
    ("生地を1時間半休ませる。", "生地を90分休ませる。"),
    ("生地を90分休ませる。", "生地を1時間半休ませる。"),
    ("面团醒两个半小时。", "面团醒150分钟。"),
    ("面团醒一个半小时。", "面团醒90分钟。"),
    ("大厅面积250平方米。", "大厅面积250 m²。"),
    ("水箱容量5立方米。", "水箱容量5000升。"),
    ("部屋の広さは40平方メートルです。", "部屋の広さは40 m²です。"),
    ("The pipe is 2¾ inches wide.", "The pipe is 2.75 inches wide."),
    ("The pipe is 2¾ inches wide.", "The pipe is 2 3/4 inches wide."),
    ("The pump runs for a quarter of an hour.", "The pump runs for 0.25 hours."),
    ("The pump runs for a quarter of an hour.", "The pump runs for 15 min."),
    ("The pump runs for three quarters of an hour.", "The pump runs for 45 minutes."),
    ("The walk takes one and a quarter hours.", "The walk takes 75 minutes."),
    ("The walk takes an hour and a quarter.", "The walk takes 75 minutes."),
    ("The walk takes an hour and three quarters.", "The walk takes 105 minutes."),
    ("The track runs for 3:20 minutes.", "The track runs for 200 seconds."),
    ("The track runs for 3 min 20 s.", "The track runs for 200 seconds."),
    ("The track runs for 200 seconds.", "The track runs for 3 min 20 s."),
    ("The trip lasts 2 days and 12 hours.", "The trip lasts 60 hours."),
    ("The baby weighs 3 kg 200 g.", "The baby weighs 3.2 kg."),
    ("The baby weighs 3.2 kg.", "The baby weighs 3 kg 200 g."),
    ("The meeting starts at 1:30.", "The meeting starts at 1:30 a.m."),
    ("The board is 1.5 m long.", "The board is one and a half metres long."),
    ("The board is 1.5 m long.", "The board is 1 m 50 cm long."),
    ("Half a million people live there.", "500,000 people live there."),
    ("One and a half million people live there.", "1.5 million people live there."),
    ("The bridge cost 2.5 million euros.", "The bridge cost two and a half million euros."),
    ("The bridge cost 2.5 million euros.", "The bridge cost 2,500,000 euros."),
)
WRONG = (
    ("The dough rests for 90 minutes.", "The dough rests for two and a half hours."),
    ("The dough rests for 90 minutes.", "The dough rests for 2½ hours."),
    ("The dough rests for 90 minutes.", "The dough rests for 1 hour 20 minutes."),
    ("The dough rests for 1:30 h.", "The dough rests for 130 minutes."),
    ("The film runs 105 minutes.", "The film runs for 1:05."),
    ("Add ½ cup of milk.", "Add ¼ cup of milk."),
    ("Add ½ cup of milk.", "Add 2 cups of milk."),
    ("Add half a cup of milk.", "Add ¾ cup of milk."),
    ("Add 2½ cups of flour.", "Add 21 cups of flour."),
    ("Add 2½ cups of flour.", "Add 2¼ cups of flour."),
    ("Add 2½ cups of flour.", "Add 1½ cups of flour."),
    ("About half of the members voted.", "About 60% of the members voted."),
    ("About ⅓ of the members voted.", "About ⅔ of the members voted."),
    ("The hall has 250 m².", "The hall has 250 m³."),
    ("The hall has 250 m².", "The hall has 250 m."),
    ("The hall has 250 m².", "The hall has 250 metres of length."),
    ("The tank holds 5 m³.", "The tank holds 5 m²."),
    ("The tank holds 5 m³.", "The tank holds 5 litres."),
    ("The tank holds 5 m³.", "The tank holds 500 litres."),
    ("The garden has 2 ha.", "The garden has 200 m²."),
    ("Der Teig ruht zweieinhalb Stunden.", "Der Teig ruht 90 Minuten."),
    ("Der Teig ruht 150 Minuten.", "Der Teig ruht anderthalb Stunden."),
    ("Die Halle hat 250 Quadratmeter.", "Die Halle hat 250 Kubikmeter."),
    ("Ein halber Liter Milch kommt dazu.", "Es kommen 250 ml Milch dazu."),
    ("La pâte repose 1h30.", "La pâte repose deux heures et demie."),
    ("La salle mesure 40 mètres carrés.", "La salle mesure 40 mètres cubes."),
    ("生地を90分休ませる。", "生地を2時間半休ませる。"),
    ("The pipe is 2¾ inches wide.", "The pipe is 3¾ inches wide."),
    ("The pump runs for a quarter of an hour.", "The pump runs for 30 min."),
    ("The track runs for 200 seconds.", "The track runs for 3 min 30 s."),
    ("The board is 1.5 m long.", "The board is two and a half metres long."),
    ("The bridge cost 2.5 million euros.", "The bridge cost 2.5 billion euros."),
)


@each_row("evidence, answer", RIGHT)
def test_amount_in_another_form_is_grounded(evidence: str, answer: str) -> None:
    assert find_ungrounded(answer, "", source_of(evidence)) is None


@each_row("evidence, answer", WRONG)
def test_another_amount_is_not_in_whatever_form(evidence: str, answer: str) -> None:
    fault = find_ungrounded(answer, "", source_of(evidence))

    assert fault is not None
    assert fault.reason in ("number_not_in_evidence", "unit_not_in_evidence")


def test_swapped_value_is_found_in_another_unit() -> None:
    source = source_of(
        "Wheat bread bakes for 90 minutes in the large oven. Rye bread bakes for 30 minutes."
    )

    swapped = find_ungrounded(
        "Rye bread bakes for 1½ hours.", "How long does rye bread bake?", source
    )
    right = find_ungrounded("Rye bread bakes for half an hour.", "How long does it bake?", source)

    assert swapped is not None
    assert (swapped.reason, right) == ("value_of_another", None)
