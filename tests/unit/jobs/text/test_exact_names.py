import pytest

from jobs.text.exact_names import ExactText, find_code, find_proper_names, find_quotes


@pytest.mark.parametrize(
    ("text", "names"),
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


@pytest.mark.parametrize(
    "text", ['It says "done".', "Es sagt „done“.", "Il dit « done ».", "「done」と言う"]
)
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
