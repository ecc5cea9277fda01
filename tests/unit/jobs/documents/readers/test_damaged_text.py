"""Text that was damaged before it came.

The reports: chardet 185 and 292, uchardet 40 and 42, cchardet 101, charset_normalizer 174 and 571,
xberg 1223, CudaText 2928.
"""

from jobs.documents.readers.damaged_text import once_decoded
from jobs.documents.readers.decode import decode_markup, decode_text
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

GERMAN = "Das Gerät läuft mit Öl. Prüfe täglich die Höhe über dem Boden – größer ist gefährlich."
FRENCH = "La pompe démarre à pleine pression : le débit est vérifié après chaque arrêt."
KOREAN = "\n펌프는 밸브가 닫혀 있을 때만 시동합니다. 작업자는 압력계를 확인합니다."
CHINESE = "水泵只能在阀门关闭时启动，操作员检查压力表。" * 20


@each_row("text", [GERMAN, FRENCH, "“Don’t” — Übung", "Насос включают", KOREAN])
def test_text_that_was_decoded_twice_is_mended(text: str) -> None:
    twice = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())

    assert decode_text(twice.encode()) == text


def test_text_that_was_decoded_three_times_is_mended() -> None:
    thrice = GERMAN.encode().decode("cp1252").encode().decode("cp1252")

    assert decode_text(thrice.encode()) == GERMAN


@each_row("text", ["NÃO É ASSIM", "Â€ and Ã: what was damaged", "â la carte", "Ã¼ but 水"])
def test_text_that_only_looks_so_is_left_alone(text: str) -> None:
    assert once_decoded(text) == text


@each_row("codec", ["cp850", "cp437", "mac_roman"])
@each_row("text", [GERMAN.replace("–", "-"), FRENCH])
def test_text_of_dos_and_of_an_old_macintosh_is_known(text: str, codec: str) -> None:
    assert decode_text(text.encode(codec)) == text


def test_boxes_of_dos_are_boxes() -> None:
    box = "┌──────┐\n│ pump │\n╞══════╡\n└──────┘"

    assert decode_text(box.encode("cp437")) == box


@each_row("text", [GERMAN, FRENCH, "Größe: 5 µm × 3 m² – 20 °C, ½ Liter, 5 €"])
def test_text_of_windows_stays_that(text: str) -> None:
    assert decode_text(text.encode("cp1252")) == text


@each_row(
    "stray, shown",
    [(b"don\x92t", "don’t"), (b"a \x96 b", "a – b"), (b"cut \xe2\x80", "cut \ufffd")],
)
def test_a_stray_sign_of_windows_in_utf8_is_that_sign(stray: bytes, shown: str) -> None:
    assert decode_text(GERMAN.encode() + stray) == GERMAN + shown


def test_utf16_of_long_chinese_paragraphs_needs_no_mark() -> None:
    assert decode_text(f"{CHINESE}\r\n".encode("utf-16-le")) == f"{CHINESE}\r\n"


def test_encodings_of_seven_bits_are_read() -> None:
    page = f"<meta charset=hz-gb-2312><p>{CHINESE}"

    assert decode_text(KOREAN.encode("iso2022_kr")) == KOREAN
    assert decode_markup(page.encode("hz")) == page


@each_row(
    "text, shown",
    [
        ("a \u202eabc\u202c b\u200e", "a abc b"),
        ("in\U000e0068\U000e0069visible", "invisible"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
        ("می\u200cشود", "می\u200cشود"),
    ],
)
def test_what_only_a_screen_needs_is_left_out(text: str, shown: str) -> None:
    assert read("text", text).text == shown


POLISH = "Pompę włącza się tylko przy zamkniętym zaworze. Źródło jest żółte."
CZECH = "Čerpadlo se spouští jen při zavřeném ventilu. Příliš žluťoučký kůň."
RUSSIAN = "Насос включают при закрытом клапане. Это правило действует всегда. Я жду."
GREEK = "Η αντλία ξεκινά μόνο με κλειστή βαλβίδα. Τι κάνουμε αν δεν ανεβαίνει;"
TURKISH = "Pompa yalnızca vana kapalıyken çalıştırılır; ışık söner. Güç düğmesi."
LITHUANIAN = (
    "Siurblys įjungiamas tik tada, kai vožtuvas uždarytas. Po minutės slėgis yra didžiausias. "
    "Ką daryti, jei jis nekyla? Paskambinkite į priežiūros skyrių ir laukite; vėliau paaiškinsime."
)
DANISH = "Pumpen startes når ventilen er lukket. Efter et øjeblik er det sådan, på små anlæg."


@each_row(
    "codec, text",
    [
        ("cp852", POLISH),
        ("mac_latin2", POLISH),
        ("cp852", CZECH),
        (
            "cp852",
            "A szivattyút csak zárt szelep mellett szabad elindítani, győződjön meg róla előbb.",
        ),
        ("mac_cyrillic", RUSSIAN),
        ("cp855", RUSSIAN),
        ("cp1125", "Насос вмикають лише коли закрито клапан. Це правило діє її зимою."),
        ("cp737", GREEK),
        ("mac_greek", GREEK),
        ("cp857", TURKISH),
        ("cp775", LITHUANIAN),
        ("cp865", DANISH),
        ("mac_roman", DANISH),
        ("iso8859-3", "La ĉefa paĝo montras ŝanĝojn kaj aĵojn ĉiam aŭ hodiaŭ."),
    ],
)
def test_text_of_older_code_pages_is_known_by_its_letters(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec)) == text


@each_row(
    "codec, text",
    [
        ("cp1252", "It is so—or not—and so…wait…what “word”and «word» 5 µm ± 2 °C, a §5 b."),
        ("cp1252", "Français, Español, Íslenska, Dansk, Português, Svenska (på svenska), Žena"),
        ("cp1250", POLISH),
        ("cp1251", RUSSIAN),
        ("cp1251", "ООО «Насос» — это МЫ; iPhone и Wi‑Fi, mp3-файлы".replace("‑", "-")),
        ("koi8-r", RUSSIAN),
        ("cp1253", GREEK),
        ("cp1254", TURKISH),
        ("cp1257", LITHUANIAN),
        ("iso8859-2", CZECH),
    ],
)
def test_text_of_the_web_stays_in_its_code_page(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec)) == text


@each_row(
    "stray, shown",
    [
        (b"Ein Caf\xe9 f\xfcr G\xe4ste.", "Ein Café für Gäste."),
        (b"cut \xc3 here", "cut \ufffd here"),
        (b"cut \xe9", "cut \ufffd"),
        (b"5 \xb0 C", "5 \ufffd C"),
    ],
)
def test_a_stray_letter_in_western_text_is_that_letter(stray: bytes, shown: str) -> None:
    german, polish = (GERMAN + "\n") * 2, (POLISH + "\n") * 2

    assert decode_text(german.encode() + stray) == german + shown
    assert "\ufffd" in decode_text(polish.encode() + stray)


def test_short_utf16_of_japanese_needs_no_mark() -> None:
    text = "ポンプは弁を閉じた状態で始動します。圧力、"

    assert decode_text(text.encode("utf-16-be")) == text
    assert decode_text(text.encode("utf-16-le")) == text
