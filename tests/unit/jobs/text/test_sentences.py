import pytest
import sentencex  # type: ignore[import-untyped]

from jobs.text import sentences as finding
from jobs.text.sentences import MAX_SENTENCE_CHARS, split_sentences
from tests.rows import each_row


def texts_of(text: str) -> list[str]:
    return [text[span.start_char : span.end_char] for span in split_sentences(text)]


def test_sentences_end_at_full_stops_but_not_at_abbreviations_versions_and_references() -> None:
    text = "Dr. Smith wrote apt.conf(5), e.g. for 2.1.3 (see Fig. 3). It works. Does it? Yes!"

    sentences = texts_of(text)

    assert sentences == [
        "Dr. Smith wrote apt.conf(5), e.g. for 2.1.3 (see Fig. 3).",
        "It works.",
        "Does it?",
        "Yes!",
    ]


def test_a_sentence_over_wrapped_lines_is_one_sentence() -> None:
    assert texts_of("A sentence that\nruns on. Another.") == [
        "A sentence that\nruns on.",
        "Another.",
    ]


@each_row(
    "sentence",
    [
        "Send it to debian-devel@lists.\ndebian.org.",
        "Send it to debian-devel@lists.debian. org.",
        "The list is at https://lists.\ndebian.org/devel and www.\nexample.org/list for all.",
    ],
)
def test_an_address_over_the_end_of_a_line_is_one_sentence(sentence: str) -> None:
    assert texts_of(f"{sentence} Then wait.") == [sentence, "Then wait."]


def test_a_sentence_after_an_address_is_another() -> None:
    assert texts_of("Write to a@example.org. Read www.example.org. Go.") == [
        "Write to a@example.org.",
        "Read www.example.org.",
        "Go.",
    ]


def test_items_in_one_line_are_several_sentences() -> None:
    assert texts_of("It has:\n• fast reads • slow writes • a log") == [
        "It has:",
        "• fast reads",
        "• slow writes",
        "• a log",
    ]


def test_headings_list_items_and_table_rows_are_sentences_of_their_own() -> None:
    text = (
        "# Tools\nUse these:\n  * apt for\n    upgrades\n  * dpkg\n1) one\n\n"
        "2.1. Tables\n\n| a | b |\n| c | d |"
    )

    sentences = texts_of(text)

    assert sentences == [
        "# Tools",
        "Use these:",
        "* apt for\n    upgrades",
        "* dpkg",
        "1) one",
        "2.1. Tables",
        "| a | b |",
        "| c | d |",
    ]


@each_row(
    "sentences",
    [
        ["Name | Meaning", "mtu | How large.", "ttl | How far."],
        ["A. One", "B. Two"],
        ["[1] One.", "[2] Two."],
        ["● one", "□ two"],
        ["・一つ", "※二つ"],
        ["1）打开", "2、关闭"],
        ["（一）泵；", "（二）阀。"],
        ["一、开始", "二、结束"],
        ["① 开始", "② 结束"],
    ],
)
def test_each_row_and_item_of_its_own_line_is_a_sentence(sentences: list[str]) -> None:
    assert texts_of("\n".join(sentences)) == sentences


@each_row(
    "sentences",
    [
        ["پمپ شروع ہوتا ہے۔", "آپریٹر دیکھتا ہے۔"],
        ["पंप शुरू होता है।", "ऑपरेटर देखता है।"],
        ["ម៉ាស៊ីនបូមចាប់ផ្តើម។", "ប្រតិបត្តិករមើល។"],
        ["「弁を閉じる。」", "と言う。"],
        ["هل تعمل؟", "نعم، تعمل."],
    ],
)
def test_sentences_of_other_scripts_end_at_their_marks(sentences: list[str]) -> None:
    assert texts_of(" ".join(sentences)) == sentences


@each_row(
    "sentences",
    [
        ["「行きます。」と彼は言った。", "次の日です。"],
        ["「はい。」", "彼は言った。", "『本。』という題だ。", "「弁。」", "でも開く。"],
        ["（注意。）です。", "とても良い。"],
    ],
)
def test_a_quote_within_a_japanese_sentence_does_not_end_it(sentences: list[str]) -> None:
    assert texts_of("".join(sentences)) == sentences


@each_row(
    "sentences",
    [
        ["Am 3. Mai begann es, im 19. Jahrhundert.", "Es war in Schritt 5.", "Danach nicht."],
        ["Siehe Abb. 3 der Fa. Müller bzw. Nr. 5.", "Press Tab.", "Then it takes 5 KB.", "Go."],
        ["La Sra. López vive aquí.", "Il sig. Rossi al n. 5.", "Dhr. Jansen, bijv. hij."],
        ["Det er f.eks. 5 bar.", "Det är t.ex. så.", "Esim. pumppu käy."],
        ["Это было в 2020 г. и т. д. на ул. Мира.", "См. рис. 5.", "Вж. фиг. 5."],
        ["See ch. 3, Figs. 4 and 5 (e.g. [1]), sect. 2.1.", "It is at the max.", "Then go on."],
        ["It is so.[2]", "As in e.g. [3] it was; cf. [5], too.", "Then go on.[12]"],
        [
            "Set approx. 5 bar.",
            "The temp. falls to the min. value.",
            "Use .NET or the .bashrc file.",
        ],
        ["Das 2. Ventil ist zu.", "Der Dipl.-Ing. kam als 3.", "Dann ging er."],
        ["Los EE. UU. y los RR. HH. firman.", "Fue en EE. UU.", "El cap. 6 sigue."],
        ["В г. Москва, д. 5, кв. 3.", "Там проф. Иванов.", "Так в 1990 г.", "Потом нет."],
        ["Ventil č. 5 je zavřený.", "Viz obr. 3."],
        ["Pompa vb. çalışır.", "TP. Huế rất nóng.", "Είναι καθαρό;", "Ναι."],
    ],
)
def test_abbreviations_and_ordinals_of_other_languages_end_no_sentence(
    sentences: list[str],
) -> None:
    assert texts_of(" ".join(sentences)) == sentences


@each_row(
    "sentences", [["A buffer of length 10.", "const b = 5."], ["Less than 2^48.", "min is 0."]]
)
def test_a_number_before_code_ends_its_sentence(sentences: list[str]) -> None:
    assert texts_of("\n".join(sentences)) == sentences


def test_thai_is_cut_at_the_spaces_between_sentences() -> None:
    sentences = [
        "ปั๊มน้ำเริ่มทำงานเมื่อแรงดันน้ำในท่อลดลงต่ำกว่าห้าบาร์",
        "ควรเปลี่ยนไส้กรองน้ำปีละหนึ่งครั้งหลังจากปิดวาล์วทั้งสองตัวแล้ว และล้างตัวเรือนด้วยน้ำสะอาด",
        "ห้ามเปิดวาล์วขณะที่เครื่องกำลังทำงานอยู่ 5 นาที",
    ]

    assert texts_of(" ".join(sentences)) == sentences


def test_a_number_belongs_to_the_sentence_it_counts() -> None:
    assert texts_of("3.1. Guiding rules. 3.2. Prerequisites.") == [
        "3.1. Guiding rules.",
        "3.2. Prerequisites.",
    ]


def test_a_very_long_sentence_is_cut_at_white_space() -> None:
    text = "word " * 400

    sentences = texts_of(text)

    assert all(len(sentence) <= MAX_SENTENCE_CHARS for sentence in sentences)
    assert {word for sentence in sentences for word in sentence.split()} == {"word"}


def test_a_paragraph_is_looked_at_in_parts_that_end_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentence = "The lathe of Dr. Moe turns at 3.5 m/s, as he “said in print."
    lengths: list[int] = []
    find = sentencex.get_sentence_boundaries

    def find_in(language: str, block: str) -> list[dict[str, int]]:
        lengths.append(len(block))
        return list(find(language, block))

    monkeypatch.setattr(finding, "get_sentence_boundaries", find_in)
    text = " ".join([sentence] * 500)

    spans = split_sentences(text)

    assert {text[span.start_char : span.end_char] for span in spans} == {sentence}
    assert len(spans) == 500
    assert max(lengths) <= 8_000


@each_row("mark", ["“a ", "a", "“a\n"])
def test_a_paragraph_without_any_end_is_cut_once_everywhere(mark: str) -> None:
    text = mark * 4_000

    spans = split_sentences(text)

    found = "".join(text[span.start_char : span.end_char] for span in spans)
    assert "".join(found.split()) == "".join(text.split())


def test_a_line_of_very_many_sentences_is_cut_at_each() -> None:
    sentences = ["弁を開ける。", "「行く。」と言う。"] * 700

    assert texts_of("".join(sentences)) == sentences


@each_row("text", ["", " \n\t ", "\u2028\u3000"])
def test_white_space_alone_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


def test_wide_white_space_is_read_as_a_space() -> None:
    wide = "It was\u00a0plan A\u2028.\u3000Then more."

    sentences = split_sentences(wide)

    assert sentences == split_sentences("It was plan A . Then more.")


@each_row(
    "sentences",
    [
        ["See Sec. 4.2, Eq. (3), and Ref. [5].", "It holds."],
        ["It costs approx. $5.00 an hour.", "Pay now."],
        ["Is it on?", "(It should be.)", "Then go."],
        ["(See below.)", "“It runs.”"],
        ["Насос стоит 5 тыс. руб. в год.", "Он работает."],
        ["It is so (see p. 5).", "He said (twice!) that it is."],
    ],
)
def test_brackets_around_and_behind_an_end_are_told_apart(sentences: list[str]) -> None:
    assert texts_of(" ".join(sentences)) == sentences


@each_row(
    "sentences",
    [
        ["It waits…", "Then it stops.", "It waits … then goes on."],
        ["Он ждёт…", "Потом идёт.", "Писал А. С. Пушкин в 1820 г.", "И жил."],
        ["Έγραψε ο Κ. Π. Καβάφης.", "Ζούσε εκεί."],
        ["Der 1. FC spielt nach der 2. EU-Regel.", "Er gewinnt."],
        ["Due Mon. and Tues. only.", "See ed. 2 of vol. 3 for the Mod. 300.", "Go."],
    ],
)
def test_dots_of_pauses_and_initials_are_told_from_full_stops(sentences: list[str]) -> None:
    assert texts_of(" ".join(sentences)) == sentences
