"""What a DOCX includes as it is (`altChunk`): HTML, alone or as an archived page, or plain text."""

import email
from html import escape
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from jobs.documents.readers.decode import decode_markup, decode_text
from jobs.documents.readers.html.page import body_html
from jobs.documents.readers.office.ooxml import Package

_MARKUP = frozenset({".htm", ".html", ".xhtml"})
_ARCHIVES = frozenset({".mht", ".mhtml"})
_TEXT = frozenset({".txt"})


def included_html(chunk: ET.Element, package: Package) -> str:
    """The text of what a chunk names, as HTML; empty if it is of a kind that is not read."""
    reference_id = next((value for key, value in chunk.items() if key.endswith("}id")), "")
    reference = package.references(package.main_name()).get(reference_id)
    if reference is None:
        return ""
    suffix = PurePosixPath(reference.name).suffix.lower()
    if suffix in _MARKUP:
        return body_html(decode_markup(package.data(reference.name)))
    if suffix in _ARCHIVES:
        return _archived(package.data(reference.name))
    if suffix in _TEXT:
        return f"<p>{escape(decode_text(package.data(reference.name)))}</p>"
    return ""


def _archived(data: bytes) -> str:
    """The page in an archive of a page (RFC 2557), without its pictures."""
    for part in email.message_from_bytes(data).walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "text/html" and isinstance(content, bytes):
            return body_html(decode_markup(content))
    return ""
