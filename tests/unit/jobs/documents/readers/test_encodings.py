import time

from jobs.documents.readers.clean_text import clean, clean_line
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

POLISH = "Pompę włącza się tylko przy zamkniętym zaworze, a filtr zmienia się co rok."
RUSSIAN = "Насос включают только при закрытом клапане. Это правило действует всегда.\n"
JAPANESE = "ポンプは弁を閉じた状態で始動します。弁は手で開けます。"


@each_row("format_name", ["text", "markdown", "html"])
@each_row(
    "data", [POLISH.encode() + b" \xe9 x", b"\xff" + POLISH.encode(), (POLISH + "ż").encode()[:-1]]
)
def test_utf8_with_a_bad_byte_stays_utf8(format_name: str, data: bytes) -> None:
    assert POLISH in read(format_name, data).text


@each_row("text", ["A pump\0 is on.\n", "\0A pump is on and on.", "A pump is o\0n\0."])
def test_a_stray_zero_is_left_out(text: str) -> None:
    assert read("text", text).text == text.replace("\0", "").strip()


@each_row("format_name", ["text", "markdown", "html", "rst"])
def test_iso_2022_jp_is_known_by_its_escapes(format_name: str) -> None:
    assert read(format_name, JAPANESE.encode("iso2022_jp")).text == JAPANESE


@each_row(
    "encoding, text",
    [
        ("iso8859-2", POLISH),
        ("cp1250", POLISH),
        ("cp1250", "Lampa była czerwona."),
        ("cp1252", "It costs £825 for 20 °C ± 5 µm, § 3."),
        ("cp1252", "“It’s done” – for £5…"),
        ("iso8859-15", "Prix : 15 € par pièce, cœur non compris, déjà payé."),
        ("cp1252", "Une ½ heure de plus, ¼ de litre, à 15 € la pièce déjà payée."),
        ("koi8-r", RUSSIAN),
        ("cp866", RUSSIAN),
        ("cp1251", RUSSIAN),
        ("utf-16-le", RUSSIAN),
        ("utf-16-be", RUSSIAN),
        ("utf-32-le", RUSSIAN),
        ("utf-32-be", JAPANESE),
        ("gbk", "水泵只能在阀门关闭时启动。"),
        ("big5", "水泵只能在閥門關閉時啟動。"),
        ("euc_jp", JAPANESE),
        ("cp932", JAPANESE + "①"),
        ("cp949", "펌프는 밸브가 닫힌 상태에서만 시동합니다."),
        ("iso8859-7", "Η αντλία ξεκινά μόνο με κλειστή βαλβίδα."),
        ("cp1255", "המשאבה מופעלת רק כאשר השסתום סגור."),
        ("cp1256", "يتم تشغيل المضخة فقط عندما يكون الصمام مغلقا."),
        ("cp1254", "Pompa yalnızca vana kapalıyken çalıştırılır; ışık söner."),
        ("cp874", "ปั๊มจะเริ่มทำงานเมื่อวาล์วปิดเท่านั้น"),
    ],
)
def test_an_older_encoding_is_recognised_without_a_mark(encoding: str, text: str) -> None:
    assert read("text", text.encode(encoding)).text == text.strip()


@each_row(
    "label, encoding, text",
    [
        ("gb2312", "gb18030", "镕水泵"),
        ("Shift_JIS", "cp932", "①番ポンプ"),
        ("ISO-8859-1", "cp1252", "“café”"),
        ("iso-8859-9", "cp1254", "ışık"),
        ("utf-16", "utf-8", "café"),  # it could not be read if it were true
    ],
)
def test_a_declared_encoding_is_what_browsers_take_it_for(
    label: str, encoding: str, text: str
) -> None:
    page = f"<meta charset='{label}'><p>{text}".encode(encoding)

    assert read("html", page).text == text


@each_row(
    "text, plain",
    [
        ("\x1b[1;31merror\x1b[0m: no \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "error: no link"),
        ("N\bNA\bAM\bME\bE _\bx", "NAME x"),
        ("\x1b]0;title\a\x1b[32mok\x1b[0m", "ok"),
        ("\x1b(0lqk\x1b(B done", "lqk done"),
        ("e\ufb03cient \ufb01les", "efficient files"),
        ("log\n" + "\0" * 4096 + "line", "log\nline"),
        ("a\u2061b\u2063c", "abc"),
    ],
)
def test_what_a_terminal_or_a_typesetter_adds_is_taken_off(text: str, plain: str) -> None:
    assert read("text", text).text == plain


@each_row("filler", [" ", "\t \n", "\x1b[0", "\x1b]", "\b", "a\b", "\n", "あ\n", "\xa0"])
def test_much_of_one_thing_is_cleaned_in_linear_time(filler: str) -> None:
    text = filler * 60_000 + "\nend"

    started_s = time.process_time()
    assert clean(text).endswith("end")
    assert clean_line(text).endswith("end")

    assert time.process_time() - started_s < 2  # a step for each pair would take minutes


def test_chinese_and_japanese_lines_join_without_a_space() -> None:
    assert clean_line("水泵\n启动，\n  停止 and\nOslo") == "水泵启动，停止 and Oslo"
