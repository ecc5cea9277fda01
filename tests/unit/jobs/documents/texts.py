"""Documents for the tests of this folder."""

from schemas.documents import Document, Heading, SideSpan, SplitAssignment

PARAGRAPH = (
    "The package manager keeps a list of every file that it has installed. When a package is "
    "removed, its files go, but its configuration stays until it is purged.\n\n"
)


def make_document(
    text: str,
    headings: tuple[tuple[int, int, str], ...] = (),
    page_starts: tuple[int, ...] = (),
) -> Document:
    return Document(
        document_id="d1",
        path="book.txt",
        format="text",
        size_bytes=len(text),
        title="Book",
        word_count=len(text.split()),
        page_starts=page_starts,
        headings=tuple(Heading(start_char=s, level=level, text=t) for s, level, t in headings),
        text=text,
    )


def all_for_training(text: str) -> SplitAssignment:
    span = SideSpan(start_char=0, end_char=len(text), side="train")
    return SplitAssignment(document_id="d1", spans=(span,))
