"""Translations by the paths of their files."""

from jobs.documents.whole_corpus.locale_paths import pair_by_path, without_locale
from tests.rows import each_row


@each_row(
    "path, expected",
    [
        ("guide.de.html", "guide.html"),
        ("guide-ja.md", "guide.md"),
        ("guide_pt_BR.md", "guide.md"),
        ("docs/fr/a/b.html", "docs/a/b.html"),
        ("it/is.html", "is.html"),
        ("how-to-use.md", "how-to-use.md"),
        ("docs/zh-CN/a.md", "docs/a.md"),
        ("docs/pt-br/a.md", "docs/a.md"),
        ("docs/sr@latin/a.md", "docs/a.md"),
        ("docs/zh_Hant_TW/es-419/a.md", "docs/a.md"),
        ("guide_de_DE.html", "guide.html"),
        ("README_CN.md", "README.md"),
        ("manual-german.pdf", "manual.pdf"),
        ("guide.ja.html.gz", "guide.html"),
        ("de.html", "de.html"),
        ("LICENSE", "LICENSE"),
        ("manual-en-v2.txt", "manual-v2.txt"),
        ("de_manual.txt", "manual.txt"),
        ("Manual (German).txt", "Manual.txt"),
        ("manual [de].txt", "manual.txt"),
        ("manual_deu.txt", "manual.txt"),
        ("lang-de/a.html", "a.html"),
        ("de_DE.UTF-8/a.html", "a.html"),
        ("docs/i18n/de/a.md", "docs/a.md"),
        ("translations/a.md", "translations/a.md"),
        ("i18n/fr/docusaurus-plugin-content-docs/current/a/b.md", "docs/a/b.md"),
        ("i18n/fr/docusaurus-plugin-content-docs/version-1/b.md", "versioned_docs/version-1/b.md"),
        ("i18n/fr/docusaurus-plugin-content-docs-lab/current/b.md", "lab/b.md"),
        (
            "i18n/fr/docusaurus-plugin-content-docs-lab/version-1/b.md",
            "lab_versioned_docs/version-1/b.md",
        ),
        ("i18n/fr/docusaurus-plugin-content-blog/b.md", "blog/b.md"),
        ("i18n/fr/docusaurus-plugin-content-pages/b.md", "src/pages/b.md"),
    ],
)
def test_path_without_its_language(path: str, expected: str) -> None:
    assert without_locale(path) == expected


@each_row(
    "paths, groups",
    [
        (["a/de/x.html", "a/x.html", "a/y.html"], [{0, 1}]),
        (["a.de.pdf", "a.en.html", "b.de.html"], [{0, 1}]),
        (["a.html", "a.pdf"], []),
        (["README.md", "docs/README.de.md", "docs/README.fr.md"], [{0, 1, 2}]),
        (["index.html", "docs/de/index.html"], [{0, 1}]),
        (["index.html", "a/de/index.html", "b/de/index.html"], []),
        (["de/index.html", "de/a/index.html"], []),
        (["a/it.md", "a/no.md"], []),
    ],
)
def test_files_that_are_translations_by_their_paths(
    paths: list[str], groups: list[set[int]]
) -> None:
    found: list[set[int]] = []
    for pair in pair_by_path(paths):
        joined = [group for group in found if not group.isdisjoint(pair)]
        found = [group for group in found if group not in joined]
        found.append(set(pair).union(*joined))
    assert found == groups
