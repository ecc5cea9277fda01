from jobs.dataset.small.sentences import pick_sentences
from tests.rows import each_row

STANDS_ALONE = [
    "A named pipe is a file that acts like a pipe.",
    "Binary package names must follow the same syntax as source package names.",
    'The configuration of the encrypted filesystem is set in "/etc/crypttab".',
    "The fsck(8) command provides the filesystem integrity check on a Linux system.",
    "Most interpreters offer basic syntax check and code tracing functionalities.",
    "Packages may be removed because nobody maintains their sources any more.",
    "Whitespace in\n  a field can be removed by running the formatter over it.",
]
LEANS_OR_IS_NO_PROSE = [
    "This is a file that acts like a pipe.",
    "It must follow the same syntax as source package names.",
    "However, the pipe is a file that acts like a pipe.",
    "The file must be treated as a configuration file by everybody.",
    "The\nfile must\n  be treated as a configuration file by everybody.",
    "The other components may be mentioned as suggestions or recommendations.",
    "The format of the fields is described in the section on control files.",
    "A maintainer must follow the rules given above for such packages.",
    "A package should depend on the libraries, but not the ones it uses indirectly.",
    "A pipe is a file, for example this one here.",
    "Packages are listed in the following order: base, then the rest of them.",
    "The option is given as `--force` or {name} to the command line tool.",
    "The syntax is cmd | filter > file for most of the common shells.",
    "A pipe is short.",
    "A named pipe is a file that acts like a pipe 2.11.",
    "List of packages that record the configuration history of a system.",
    "a named pipe is a file that acts like a pipe.",
    "Is a named pipe really a file that acts like a pipe?",
    "A control token such as <|im_end|> is a thing that ends a turn.",
    "A pipe is a file " + "that acts like a pipe " * 12 + "always.",
]


@each_row("sentence", STANDS_ALONE)
def test_prose_that_stands_alone_is_picked(sentence: str) -> None:
    picked = pick_sentences(sentence, 3)

    assert [pick.text for pick in picked] == [sentence]


@each_row("sentence", LEANS_OR_IS_NO_PROSE)
def test_what_leans_on_its_neighbours_or_is_no_prose_is_passed_over(sentence: str) -> None:
    assert pick_sentences(sentence, 3) == []


def test_spans_are_where_the_sentences_stand() -> None:
    text = f"  Heading\n\n{STANDS_ALONE[0]} It is old.\n{STANDS_ALONE[1]}"

    picked = pick_sentences(text, 3)

    assert [text[pick.span.start_char : pick.span.end_char] for pick in picked] == STANDS_ALONE[:2]


def test_picks_are_spread_evenly_and_always_the_same() -> None:
    sentences = [f"Tool {name} is a program for people who sew." for name in "ABCDEFGHI"]
    text = " ".join(sentences)

    picked = pick_sentences(text, 3)

    assert [pick.text for pick in picked] == [sentences[1], sentences[4], sentences[7]]
    assert pick_sentences(text, 3) == picked
