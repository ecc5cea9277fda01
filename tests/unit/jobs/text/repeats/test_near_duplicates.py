from jobs.text.repeats.near_duplicates import (
    Match,
    NearDuplicates,
    words_of_any_language,
)
from tests.rows import each_row

MAX_SIMILARITY = 0.7

SAME = [
    ("How do I install a package with apt?", "how can i INSTALL a package, using apt"),
    ("What is the default umask value in Debian?", "In Debian, what is the default umask value?"),
    (
        "Which command lists the installed packages on a Debian system?",
        "Which commands list all installed packages on a Debian system?",
    ),
    (
        "What happens to configuration files when a package is purged?",
        "What happens to the configuration files of a package when it is purged?",
    ),
    ("What does the option -f of dpkg do?", "What does dpkg's -f option do?"),
]
DIFFERENT = [
    ("How do I install a package with apt?", "How do I remove a package with apt?"),
    ("How do I install a package with apt?", "Why install a package with apt?"),
    ("What does the option -f of dpkg do?", "What does the option -r of dpkg do?"),
    (
        "What is the purpose of the postinst script?",
        "What is the purpose of the preinst script?",
    ),
    (
        "What is the difference between main and contrib?",
        "What is the difference between contrib and non-free?",
    ),
]


@each_row("earlier, text", SAME)
def test_a_question_in_other_words_is_a_duplicate(earlier: str, text: str) -> None:
    duplicates = NearDuplicates(MAX_SIMILARITY)

    assert duplicates.add("q1", earlier) is None
    match = duplicates.add("q2", text)

    assert match is not None
    assert match.item_id == "q1"
    assert MAX_SIMILARITY <= match.similarity <= 1.0


@each_row("earlier, text", DIFFERENT)
def test_a_question_about_another_thing_is_new(earlier: str, text: str) -> None:
    duplicates = NearDuplicates(MAX_SIMILARITY)

    assert duplicates.add("q1", earlier) is None
    assert duplicates.add("q2", text) is None


def test_case_punctuation_and_white_space_do_not_make_a_new_text() -> None:
    duplicates = NearDuplicates(1.0)
    duplicates.remember("q1", "What is it?")

    assert duplicates.add("q2", "  what IS\n it ") == Match("q1", 1.0)


@each_row("text", ["", "???", "is it", "日本語"])
def test_texts_without_content_words_match_only_themselves(text: str) -> None:
    duplicates = NearDuplicates(MAX_SIMILARITY)
    duplicates.remember("other", "What is a kernel?")

    assert duplicates.add("q1", text) is None
    assert duplicates.add("q2", text) == Match("q1", 1.0)


def test_a_duplicate_is_not_remembered_so_that_similarity_does_not_wander() -> None:
    duplicates = NearDuplicates(0.5)
    duplicates.remember("q1", "alpha bravo charlie delta")
    duplicates.add("q2", "alpha bravo charlie echo")

    assert duplicates.add("q3", "bravo charlie echo foxtrot") is None


APART = (
    ("設定ファイルはどこに保存されますか？", "設定ファイルはいつ読み込まれますか？"),
    ("パッケージを削除するコマンドは何ですか？", "パッケージを更新するコマンドは何ですか？"),
    ("日志文件保存在哪个目录？", "日志文件什么时候被删除？"),
    ("如何安装一个软件包？", "如何删除一个软件包？"),
    ("ฐานข้อมูลถูกเก็บไว้ที่ไหน", "ฐานข้อมูลถูกลบเมื่อไร"),
    ("Warum wird die Datei beim Start gelesen?", "Wann wird die Datei beim Start gelesen?"),
    ("Pourquoi le service lit-il ce fichier ?", "Quand le service lit-il ce fichier ?"),
)
TOGETHER = (
    ("設定ファイルはどこに保存されますか？", "設定ファイルは、どこに保存されますか？"),
    ("如何安装一个软件包？", "一个软件包如何安装？"),
    ("Wann wird die Datei beim Start gelesen?", "Wann wird beim Start die Datei gelesen?"),
)


@each_row("one, other", APART)
def test_different_questions_of_any_script_stay_apart(one: str, other: str) -> None:
    seen = NearDuplicates(0.7, words_of_any_language)

    seen.add("one", one)

    assert seen.find(other) is None


@each_row("one, other", TOGETHER)
def test_the_same_question_in_another_order_is_found_in_any_script(one: str, other: str) -> None:
    seen = NearDuplicates(0.7, words_of_any_language)

    seen.add("one", one)

    assert seen.find(other) is not None
