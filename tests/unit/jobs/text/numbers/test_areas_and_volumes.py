from jobs.text.numbers.areas_and_volumes import with_powers
from tests.rows import each_row


@each_row(
    "text, plain",
    [
        ("250 square metres", "250 metres2"),
        ("250 sq. m of it", "250 m2 of it"),
        ("250 Quadratmeter", "250 meter2"),
        ("5 Kubikmetern", "5 metern3"),
        ("40 mètres carrés", "40 mètres2"),
        ("40 metros cúbicos", "40 metros3"),
        ("40 m^2", "40 m2"),
        ("250平方米", "250米2"),
        ("40立方メートル", "40メートル3"),
        ("square brackets and a cubic function", "square brackets and a cubic function"),
        ("square mosaic", "square mosaic"),
    ],
)
def test_areas_and_volumes_are_lengths_with_a_power(text: str, plain: str) -> None:
    assert with_powers(text) == plain
