"""Units in the words of several languages, and how large those are that can be converted."""

from typing import NamedTuple

# One word for one unit. What is in no table is no unit: "3 files" has none.
UNITS = {
    "byte": "b byte bytes octet octets",
    "kilobyte": "kb kib kilobyte kilobytes",
    "megabyte": "mb mib megabyte megabytes",
    "gigabyte": "gb gib gigabyte gigabytes",
    "terabyte": "tb tib terabyte terabytes",
    "bit": "bit bits",
    "kilobit": "kbit kbits",
    "megabit": "mbit mbits",
    "gigabit": "gbit gbits",
    "microsecond": "µs μs us microsecond microseconds mikrosekunden",
    "millisecond": "ms millisecond milliseconds millisekunde millisekunden millisecondes"
    " millisecondi",
    "second": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos"
    " secondo secondi 秒",
    "minute": "min mins minute minutes minuten minuto minutos minuti 分 分間 分钟 分鐘",
    "hour": "h hr hrs hour hours stunde stunden heure heures hora horas ora ore 時間 小时 小時",
    "day": "d day days tag tage tagen jour jours día días giorno giorni 日間 日 天",
    "week": "week weeks woche wochen semaine semaines semana semanas settimana settimane"
    " 週間 周 星期",
    "month": "month months monat monate monaten mois mes meses mese mesi"
    " か月 ヶ月 カ月 ケ月 个月 個月",
    "year": "year years jahr jahre jahren an ans année années año años anno anni 年 年間",
    "percent": "% percent prozent pourcent pour パーセント",
    "degree": "° degree degrees grad degré degrés grado grados gradi 度",
    "celsius": "°c celsius 摄氏度 攝氏度",
    "fahrenheit": "°f fahrenheit",
    "kelvin": "k kelvin",
    "millimetre": "mm millimetre millimetres millimeter millimeters millimètres"
    " millimètre milímetro milímetros millimetro millimetri 毫米 公釐 ミリ ミリメートル",
    "centimetre": "cm centimetre centimetres centimeter centimeters centimètres centimètre"
    " centímetro centímetros centimetro centimetri 厘米 公分 センチ センチメートル",
    "metre": "m metre metres meter meters mètre mètres metern metro metros metri 米 公尺 メートル",
    "kilometre": "km kilometre kilometres kilometer kilometers kilomètres kilometern kilomètre"
    " kilómetro kilómetros chilometro chilometri 公里 千米 キロメートル",
    "hectare": "ha hectare hectares hektar hectárea hectáreas ettaro ettari 公顷 ヘクタール",
    "tonne": "t ton tons tonne tonnes tonnen tonnellata tonnellate toneladas",
    "milligram": "mg milligram milligrams milligramm milligrammes miligramo miligramos milligrammi"
    " 毫克 ミリグラム",
    "gram": "g gram grams gramm gramme grammes gramo gramos grammo grammi 克 グラム",
    "kilogram": "kg kilogram kilograms kilogramm kilogrammes kilogramo kilogramos kilo kilos"
    " chilogrammi 公斤 千克 キログラム",
    "litre": "l litre litres liter liters litern litro litros litri 升 公升 リットル",
    "millilitre": "ml millilitre millilitres milliliter milliliters mililitro mililitros millilitro"
    " millilitri 毫升 ミリリットル",
    "volt": "v volt volts",
    "ampere": "a ampere amperes amp amps",
    "watt": "w watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "hertz": "hz hertz",
    "kilohertz": "khz kilohertz",
    "megahertz": "mhz megahertz",
    "gigahertz": "ghz gigahertz",
    "bar": "bar bars",
    "pascal": "pa pascal",
    "kilopascal": "kpa kilopascal",
    "dollar": "$ usd dollar dollars ドル 美元",
    "euro": "€ eur euro euros ユーロ 欧元 歐元",
    "pound": "£ gbp",
}
# Lengths with a 2 or 3 behind them (areas_and_volumes.py).
LENGTHS = ("millimetre", "centimetre", "metre", "kilometre")
_POWERS = {"square": "2", "cubic": "3"}
UNITS |= {
    f"{power} {length}": " ".join(f"{spelling}{sign}" for spelling in UNITS[length].split())
    for length in LENGTHS
    for power, sign in _POWERS.items()
}
UNITS["cubic centimetre"] += " cc"
UNIT_OF = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings.split()}
DEGREES = frozenset(("degree", "celsius", "fahrenheit", "kelvin"))


class Size(NamedTuple):
    """How many of a base unit a unit is."""

    base: str
    times: float


_OF_BYTES = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")
SIZES = {
    "": Size("whole", 1),
    "microsecond": Size("second", 1e-6),
    "millisecond": Size("second", 1e-3),
    "second": Size("second", 1),
    "minute": Size("second", 60),
    "hour": Size("second", 3_600),
    "day": Size("second", 86_400),
    "week": Size("second", 604_800),
    "month": Size("month", 1),
    "year": Size("month", 12),
    "millimetre": Size("metre", 1e-3),
    "centimetre": Size("metre", 1e-2),
    "metre": Size("metre", 1),
    "kilometre": Size("metre", 1e3),
    "milligram": Size("gram", 1e-3),
    "gram": Size("gram", 1),
    "kilogram": Size("gram", 1e3),
    "millilitre": Size("litre", 1e-3),
    "litre": Size("litre", 1),
    "tonne": Size("gram", 1e6),
    "hectare": Size("square metre", 1e4),
    "percent": Size("whole", 1e-2),
    "watt": Size("watt", 1),
    "kilowatt": Size("watt", 1e3),
    "hertz": Size("hertz", 1),
    "kilohertz": Size("hertz", 1e3),
    "megahertz": Size("hertz", 1e6),
    "gigahertz": Size("hertz", 1e9),
    "pascal": Size("pascal", 1),
    "kilopascal": Size("pascal", 1e3),
    "bar": Size("pascal", 1e5),
}
SIZES |= {f"square {name}": Size("square metre", SIZES[name].times ** 2) for name in LENGTHS}
SIZES |= {f"cubic {name}": Size("litre", 1e3 * SIZES[name].times ** 3) for name in LENGTHS}
SIZES |= {name: Size("byte", 1000**power) for power, name in enumerate(_OF_BYTES)}
BINARY_SIZES = {name: Size("byte", 1024**power) for power, name in enumerate(_OF_BYTES)}

# What a number may be counted in: "2.5 million", 250万. A billion is that of English everywhere.
SCALES = {
    word: times
    for times, words in (
        (10**3, "thousand tausend mila"),
        (10**4, "万 萬"),
        (
            10**6,
            "million millions mio millionen millón millones milione milioni",
        ),
        (10**8, "亿 億"),
        (
            10**9,
            "billion billions bn milliard milliards milliarde milliarden mrd miliardo miliardi",
        ),
        (10**12, "trillion trillions"),
    )
    for word in words.split()
}
