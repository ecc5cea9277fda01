from jobs.text.wording.exact_names import (
    ExactText,
    find_code,
    find_name_pairs,
    find_proper_names,
    find_quotes,
)
from tests.rows import each_row


@each_row(
    "text, names",
    [
        ("Use `git rebase --onto`.", ["git", "rebase", "--onto"]),
        ("It is in /etc/apt/sources.list now.", ["/etc/apt/sources.list"]),
        ("Set rebase.autoSquash or PGDATA_DIR.", ["rebase.autoSquash", "PGDATA_DIR"]),
        ("Call open() before read(2).", ["open()", "read(2)"]),
        ("Write to jane@example.org, please.", ["jane@example.org"]),
        ("See https://example.org/a?b=1.", ["https://example.org/a?b=1"]),
        ("```sh\ndpkg -i foo.deb\n```", ["dpkg", "-i", "foo.deb"]),
        ("Die `debian`-Datei und seine debian.org-Adresse.", ["debian", "debian.org"]),
        ('Die "debian-private"-E-Mails, e.g. z.B. i.e. these.', []),
        ("Give it `<package>` and `...`.", []),
        ("A well-known co-operation - of two.", []),
    ],
)
def test_code_of_a_text_is_found_word_by_word(text: str, names: list[str]) -> None:
    assert list(find_code(text)) == names


@each_row("text", ['It says "done".', "Es sagt „done“.", "Il dit « done ».", "「done」と言う"])
def test_quotes_of_all_languages_are_found(text: str) -> None:
    assert list(find_quotes(text)) == ["done"]


def test_proper_names_are_words_with_a_capital_within_a_sentence() -> None:
    text = "Only Debian has it. Others: none. 1. First of all. Then Alice's file, (Perhaps) more."

    assert list(find_proper_names(text)) == ["Debian", "Alice's"]


def test_name_stands_in_a_source_only_as_a_whole() -> None:
    source = ExactText("Give --interactive to `git  rebase`; see foo.conf.d and 150.")

    assert source.holds("--interactive")
    assert source.holds("git rebase")
    assert not source.holds("-i")
    assert not source.holds("foo.con")
    assert not source.holds("50")


@each_row(
    "name, expected",
    [
        ("Ferrante", True),
        ("Ferrantes", True),
        ("Bayes", True),
        ("Debian", True),
        ("Ann", True),
        ("Ferrari", False),
        ("Fuentes", False),
        ("Bay", False),
    ],
)
def test_name_is_known_in_other_forms_but_not_by_its_beginning(name: str, expected: bool) -> None:
    source = ExactText(
        "Lucia Ferrante, Rosa Cifuentes and Ann use Bayesian filters in Debian's mail."
    )

    assert source.holds_stem(name) is expected


def test_name_pairs_are_neighbours_with_large_letters_within_a_sentence() -> None:
    text = "Den Plan hat Meister Albrecht Vogt gemacht. Danach Vogt. Siehe `Max Muster`."

    assert list(find_name_pairs(text)) == [("Meister", "Albrecht"), ("Albrecht", "Vogt")]
