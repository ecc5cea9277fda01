"""How much of a PDF is read unharmed: it is compared with the same book as HTML.

    python scripts/benchmarks/documents/compare_twins.py BOOK.pdf HTML_FILE... [--show KIND]

Paragraphs, lines of code, their indents, URLs and table rows of the HTML are looked for in the text
that the reader gives. Counted are only those that are in the PDF but for spaces and hyphens (in
PDFium's own text of it or in what is read), as two editions of a book differ: links, numbers of
sections, notes. Quotation marks and dashes are made equal before. A paragraph is unharmed if it is
there with each of its spaces; a line of code or a row if it is a whole line; an indent if it is as
deep as in its block of code; a URL if it ends where it should.
"""

import argparse
import gzip
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from selectolax.lexbor import LexborHTMLParser, LexborNode

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[3]))

from jobs.documents.readers.limits import ReadLimits
from jobs.documents.readers.registry import reader_of

KINDS = ("paragraphs", "code lines", "indents", "URLs", "table rows")
_MIN_CHARS = {"paragraphs": 40, "code lines": 3, "indents": 3, "URLs": 12, "table rows": 8}
_LIMITS = ReadLimits(max_data_bytes=1 << 30, max_text_bytes=1 << 30)
_ASIDE = (
    "script, style, nav, sup, .navheader, .navfooter, .toc, .sphinxsidebar, .related, .headerlink, "
    ".footnote-reference, .linenos, .contents"
)
_SAME: dict[str, str] = {
    **dict.fromkeys("‘’‛´`", "'"), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("–—‐‑−", "-"),
    "…": "...", "\xa0": " ", "\xad": "", "\u200b": "",
}  # fmt: skip
_LEVELLED = {ord(char): same for char, same in _SAME.items()}
_BETWEEN = re.compile(r"[\s|-]+")
_URL_CHARS = r"[\w/&=?#%~_-]"
_URL = re.compile(rf"https?://[^\s<>\"'|)\]]+[\w/](?!{_URL_CHARS})")
_IN_URL = re.compile(_URL_CHARS)


class Wanted(NamedTuple):
    """One thing of the HTML; `text` is how it has to stand in the text of the PDF."""

    kind: str
    text: str


class Verdict(NamedTuple):
    """What of one kind could be compared, and what of that is harmed."""

    compared: int
    harmed: list[str]


def level(text: str) -> str:
    """`text` without differences of typography."""
    text = unicodedata.normalize("NFKC", text.translate(_LEVELLED))
    return text.replace("''", '"').replace("---", "-").replace("--", "-")


def squeeze(text: str) -> str:
    """All of it but spaces, hyphens and the edges of cells."""
    return _BETWEEN.sub("", level(text).casefold())


def wanted_of(html: str) -> Iterator[Wanted]:
    """What a page of HTML holds, in order."""
    tree = LexborHTMLParser(html)
    for node in tree.css(_ASIDE):
        node.decompose()
    for node in tree.css("pre"):
        yield from _code(node)
        node.decompose()
    for node in tree.css("tr"):
        cells = [_spaced(cell) for cell in node.css("td, th")]
        if len(cells) > 1:
            yield Wanted("table rows", " | ".join(cells))
    for node in tree.css("table"):
        node.decompose()
    for node in tree.css("p, li, dt, dd"):
        if node.tag == "p" or not node.css("p, ul, ol, dl, div"):
            text = _spaced(node)
            yield Wanted("paragraphs", text)
            yield from (Wanted("URLs", url) for url in _URL.findall(text))


def _spaced(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split())


def _code(node: LexborNode) -> Iterator[Wanted]:
    lines = [line.rstrip().expandtabs(8) for line in node.text(deep=True).split("\n")]
    indents = [len(line) - len(line.lstrip()) for line in lines if line]
    for line in filter(None, lines):
        inner = line[min(indents) :]
        yield Wanted("code lines", inner.strip())
        if inner[0] == " ":
            yield Wanted("indents", inner)


def judge(text: str, raw: str, wanted: Iterable[Wanted]) -> dict[str, Verdict]:
    """What of `wanted` stands in `text` as it should; `raw` is the text as PDFium gives it."""
    plain = level(text)
    lines = {line.rstrip() for line in plain.split("\n")}
    stripped = {" ".join(line.split()) for line in lines}
    running = " ".join(plain.split())
    letters = "\n".join([squeeze(raw), squeeze(text)])
    found = {kind: Verdict(0, []) for kind in KINDS}
    for kind, wish in dict.fromkeys(wanted):
        kept = level(wish)
        if len(wish.strip()) < _MIN_CHARS[kind] or (key := squeeze(wish)) not in letters or not key:
            continue
        if kind == "indents":
            is_there = kept in lines
        elif kind in {"code lines", "table rows"}:
            is_there = " ".join(kept.split()) in stripped
        elif kind == "URLs":
            is_there = _has_url(running, kept)
        else:
            is_there = kept in running
        verdict = found[kind]
        found[kind] = verdict._replace(compared=verdict.compared + 1)
        if not is_there:
            verdict.harmed.append(wish)
    return found


def _has_url(running: str, url: str) -> bool:
    at = running.find(url)
    while at >= 0:
        end = at + len(url)
        if not _IN_URL.match(running[end : end + 1]):
            return True
        at = running.find(url, end)
    return False


def raw_text(data: bytes) -> str:
    """The text of a PDF as PDFium gives it, without the first and last line of each page."""
    document = pdfium.PdfDocument(data)
    pages = [page.get_textpage().get_text_range() for page in document]
    return "\n".join("\n".join(page.splitlines()[1:-1]) for page in pages)


def main() -> None:
    """Print one line a kind: compared, unharmed, share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pdf", type=Path)
    parser.add_argument("html", type=Path, nargs="+")
    parser.add_argument("--show", choices=KINDS)
    options = parser.parse_args()
    data = options.pdf.read_bytes()
    data = gzip.decompress(data) if options.pdf.suffix == ".gz" else data
    started = time.process_time()
    extract = reader_of("pdf")(data, _LIMITS)
    seconds = time.process_time() - started
    wanted = [
        wish
        for path in options.html
        for wish in wanted_of(path.read_text(encoding="utf-8", errors="replace"))
    ]
    verdicts = judge(extract.text, raw_text(data), wanted)
    pages = len(extract.page_starts)
    print(f"{options.pdf.name}: {pages} pages, {pages / seconds:.0f} a second")
    for kind, (compared, harmed) in verdicts.items():
        share = 1 - len(harmed) / compared if compared else 1.0
        total = len({wish for wish in wanted if wish.kind == kind})
        print(f"{kind:11} {share:>8.2%} of {compared:>5} compared, {total:>5} in the HTML")
        if kind == options.show:
            print("\n".join(f"    {text[:300]}" for text in harmed))


if __name__ == "__main__":
    main()
