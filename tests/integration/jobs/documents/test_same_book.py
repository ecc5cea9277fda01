"""The Debian Policy Manual has the same words in each of its formats."""

import pytest

from scripts.benchmarks.documents.read_documents import (
    POLICY_DIR,
    Reading,
    package_root,
    policy_editions,
    read_edition,
    share_in_common,
)

MIN_IN_COMMON = 0.97


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    root = package_root("debian-policy", POLICY_DIR, tmp_path_factory.mktemp("package"))
    return {edition.name: read_edition(edition) for edition in policy_editions(root / POLICY_DIR)}


@pytest.mark.parametrize("format_name", ["pdf", "epub", "html"])
def test_a_format_has_the_words_of_the_text_version(
    readings: dict[str, Reading], format_name: str
) -> None:
    share = share_in_common(readings[format_name].words(), readings["text"].words())

    assert share >= MIN_IN_COMMON


def test_the_pdf_has_its_pages_and_the_headings_of_its_outline(
    readings: dict[str, Reading],
) -> None:
    (document,) = readings["pdf"].documents

    titles = [heading.text for heading in document.headings]

    assert (document.title, len(document.page_starts)) == ("Debian Policy Manual", 193)
    assert len(titles) > 300
    assert "5.6.19 Binary" in titles
    assert all(
        document.text[heading.start_char :].startswith(heading.text)
        for heading in document.headings
    )


def test_the_pdf_has_whole_words_and_no_running_heads(readings: dict[str, Reading]) -> None:
    (document,) = readings["pdf"].documents

    assert "Debian Policy Manual, Release" not in document.text
    assert ". . . ." not in document.text
    assert "logically, not physically;" in document.text
