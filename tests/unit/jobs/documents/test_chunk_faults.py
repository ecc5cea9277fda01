from jobs.documents.chunk_faults import find_chunk_fault, prose_share
from schemas.settings import ChunkSettings
from tests.rows import each_row
from tests.unit.jobs.documents.texts import PARAGRAPH

SETTINGS = ChunkSettings()
MANY_TOKENS = 100

TABLE = "\n".join(f"| pkg-{i} | {i * 37} | 0x{i:04x} | V:{i}, I:{i} |" for i in range(40))
CODE = "\n".join(f"result[{i}] = compute(x={i}, y=x[{i}]) or {{'a': {i}}}" for i in range(30))
LINKS = "\n".join(f"* Page {i}: https://example.org/some/page/{i}" for i in range(30))
CONTENTS = "\n".join(f"{i}.{i + 1}. The title of a section\n\n" for i in range(20))
LEADERS = "\n".join(f"Configuring the kernel {'.' * 20} {i}" for i in range(20))
INDEX = "\n".join(f"term number {i}, {i}, {i + 9}" for i in range(30))


def reason_of(text: str) -> str | None:
    fault = find_chunk_fault(text, MANY_TOKENS, SETTINGS)
    return fault.reason if fault else None


@each_row(
    "prose",
    [
        PARAGRAPH * 3,
        'Set "PasswordAuthentication no" in /etc/ssh/sshd_config, then run `systemctl reload ssh`. '
        "The daemon reads the file again; sessions that are open stay open. See sshd_config(5).",
        "The HttpServletRequest is passed to doGet by the container. Call getParameter to read one "
        "value, getParameterMap to read them all; getSession returns the HttpSession.",
        "  * Each package comes with its own script that asks questions.\n"
        "  * The administrator's changes to configuration files are respected.\n"
        "  * Developers try their best to make an upgrade flawless.",
        "1.2. Upgrades\n\nRun the upgrade in a terminal that survives a lost connection.\n\n"
        "1.3. Removal\n\nA removed package leaves its configuration behind, a purged one does not.",
        "机器学习是人工智能的一个分支。它使用统计方法让计算机从数据中学习，而不需要明确的编程。",
        "「ポンプ」は（必ず）弁を閉じた状態で『始動』します。「弁」（手動）は『必ず』手で開けます。",
        "Пакет должен содержать описание, которое понятно пользователю.",
        "การเรียนรู้ของเครื่องเป็นสาขาหนึ่งของปัญญาประดิษฐ์ที่ใช้วิธีการทางสถิติ",
        "第3号窑炉在温度达到900度时会自动停止，操作员必须在5分钟内打开v2.1版软件检查阀门。",
        "第2窯は900度に達すると5分で止まり、操作員がv2.1のkilnctlで弁を確認します。",
        "2번 가마는 900도에 이르면 5분 안에 멈추고, 운전원이 kilnctl로 8080포트의 밸브를 봅니다.",
        "เตาที่2จะหยุดภายใน5นาทีเมื่ออุณหภูมิถึง900องศาและผู้ปฏิบัติงานต้องตรวจสอบวาล์ว",
        "Die Kraftfahrzeughaftpflichtversicherung zahlt nach einer "
        "Arbeitsunfähigkeitsbescheinigung. Der Rechtsschutzversicherungsgesellschaft ist der "
        "Schaden sofort zu melden, damit sie ihn prüfen kann.",
    ],
)
def test_prose_in_any_script_and_with_inline_code_passes(prose: str) -> None:
    assert reason_of(prose) is None


def test_short_sentences_of_a_row_are_prose_together() -> None:
    rows = [
        "Code | What it means and what to do",
        "E01 | The door is open. Close it and press the button again.",
        "E02 | The sensor is broken. Call the maker.",
        "E03 | The kiln is too hot. Wait for an hour.",
    ]

    assert reason_of("\n".join(rows)) is None
    assert reason_of("\n".join(row[:6] for row in rows)) == "little_prose"


def test_steps_of_a_few_words_each_are_prose() -> None:
    steps = [
        *("Close the valve.", "Switch on the pump.", "Wait until the gauge shows five bar."),
        *("Open the valve slowly.", "Check for leaks.", "Write the time into the log."),
    ]

    assert reason_of("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))) is None
    assert reason_of("\n".join(f"- {step}" for step in steps)) is None
    assert reason_of("\n".join(f"- {step.split()[0]}." for step in steps)) == "little_prose"


def test_settings_between_paragraphs_are_no_contents() -> None:
    settings = "\n".join(f"kiln_limit {number}00" for number in range(1, 7))

    assert reason_of(f"{PARAGRAPH * 4}{settings}") is None
    assert reason_of("\n".join(f"Kilns and looms {number}00" for number in range(9))) is not None


def test_numbered_paragraphs_of_a_contract_are_no_contents() -> None:
    paragraphs = [
        f"{n}.{n + 1} The tenant keeps the kiln of hall {n} clean and tells of damage within a week"
        for n in range(1, 9)
    ]

    assert reason_of("\n\n".join(paragraphs)) is None
    assert reason_of("\n\n".join(each[:24] for each in paragraphs)) == "contents_page"


@each_row("text", [TABLE, CODE, LINKS])
def test_tables_code_and_lists_of_links_are_little_prose(text: str) -> None:
    assert reason_of(text) == "little_prose"


@each_row(
    "explained",
    [
        "int kiln_blob_open(kiln_blob*, int iDoor, const char *zName, kiln_int64 iShelf);\n"
        "int kiln_blob_close(kiln_blob*);\n"
        "int kiln_blob_read(kiln_blob*, void *zOut, int nByte);\n\n"
        "The kiln_blob_open() function opens one door of the kiln. It returns KILN_BUSY as long as "
        "kiln_blob_close() has not been called on the shelf below.",
        "Each shelf has a size, which add_shelf() checks before the kiln is heated. The sum of all "
        "sizes is what fits; more of them are refused. For example:\n\n"
        + "\n".join(f">>> kiln.add_shelf('{i}', size={i}, door=kiln.doors[{i}])" for i in range(9)),
    ],
)
def test_code_with_its_explanation_is_content(explained: str) -> None:
    assert prose_share(explained) < SETTINGS.min_prose_share

    assert reason_of(explained) is None


def test_two_sentences_do_not_explain_a_page_of_code() -> None:
    explanation = (
        "Each shelf has a size, which is checked before the kiln is heated. The sum of all sizes "
        "is what fits into one kiln; more of them are refused.\n\n"
    )

    assert reason_of(explanation + 2 * CODE) == "little_prose"


@each_row("text", [CONTENTS, LEADERS, INDEX])
def test_tables_of_contents_and_indexes_are_contents_pages(text: str) -> None:
    assert reason_of(text) == "contents_page"


def test_words_that_stand_alone_elsewhere_in_the_text_are_glued() -> None:
    prose = (
        "the name of a package is the key of the entry. the size of the file is the sum of the "
        "parts, and the path of the file is the name of the entry in the list of the package. "
    )

    glued = prose + prose.replace(" of ", "of")

    assert reason_of(prose) is None
    assert reason_of(glued) == "glued_words"


def test_words_longer_than_any_word_are_glued() -> None:
    glued = (
        "Whenapackageisremoveditsfilesgotoo, butitsconfigurationstaysthereuntil "
        "thepackageispurgedbytheadministrator."
    )

    assert reason_of(glued) == "glued_words"


def test_too_short_comes_first_and_is_measured_in_tokens() -> None:
    fault = find_chunk_fault(TABLE, SETTINGS.min_tokens - 1, SETTINGS)

    assert fault is not None
    assert (fault.reason, fault.score, fault.threshold) == ("too_short", 39, 40)


@each_row(
    "text",
    [
        "ポンプは「始動」（スタート）の前に『点検表』で確認します。弁は（閉じた）状態で始動します。",
        "水泵（主泵）在“启动”之前必须检查《操作手册》中的【步骤】，然后才能打开阀门。",
    ],
)
def test_words_in_brackets_of_east_asia_are_plain_words(text: str) -> None:
    assert prose_share(text) == 1.0
