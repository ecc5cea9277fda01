"""Reads DOCX: its paragraphs, lists, tables and notes become HTML for the HTML reader."""

from jobs.documents.readers.extract import Extract, assemble
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits, damaged
from jobs.documents.readers.office.docx_body import html_of
from jobs.documents.readers.office.ooxml import PARSE_ERRORS, Package
from jobs.documents.readers.zip_files import open_zip


def read_docx(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    with open_zip(data, limits) as archive:
        package = Package(archive)
        try:
            html = html_of(package)
        except PARSE_ERRORS as error:
            raise damaged(f"is no whole DOCX file ({type(error).__name__}: {error})") from error
        return assemble(html_blocks(html), limits, title=package.title())
