"""Reads what pandoc reads (RTF, LaTeX, Org, AsciiDoc), which the extra `pandoc` installs.

Pandoc runs in a process of its own: in its sandbox it opens no file and no address, its memory is
limited, and it dies with the process that started it.
"""

import ctypes
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import Extract
from jobs.documents.readers.html.page import body_html, read_html_text
from jobs.documents.readers.limits import DAMAGED, ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.markup import asciidoc_text, org_text
from jobs.documents.readers.markup.latex.in_parts import convert_in_parts
from jobs.documents.readers.markup.latex.numbers import with_references
from jobs.documents.readers.markup.latex.source import prepared
from jobs.documents.readers.markup.latex.words import definitions
from jobs.documents.readers.markup.org_marks import without_open_marks
from jobs.documents.readers.markup.rtf_letters import one_way

_LEVELS = {"asciidoc": ("--shift-heading-level-by=1",)}  # `==` stands below the title of a page
_OPTIONS = ("--sandbox", "--standalone", "--to=html", "--mathml", "--wrap=none", "--no-highlight")
_WITHOUT = dict.fromkeys(  # names of headings: for many of one title it takes their square
    ("latex", "org", "asciidoc"), "-auto_identifiers"
)
_QUIET, _TELLING = "--quiet", "--verbose"
_REMARKS = ("[INFO]", "[WARNING]")
_Ended = subprocess.CompletedProcess[bytes]
_OUT_OF_MEMORY = 251  # GHC users' guide: the heap is exhausted
_MEMORY_SHARE = 2  # of what the file may have: the rest is for its HTML
_MIN_MEMORY_MIB = 64  # it does not start with much less
_MIB = 1024 * 1024
_PR_SET_PDEATHSIG = 1  # prctl(2)
_TITLE_BLOCK = '<header id="title-block-header">'
_DOTLESS = re.compile("\u0131([\u0300-\u0308])")  # TeX: it has its dot off for an accent
_NO_TITLE = "-"  # what pandoc calls a page without one


def read_rtf(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise damaged("does not begin as RTF does")
    text = one_way(data)
    html = text.shown(_html_of(_convert(text.data, "rtf", limits, _QUIET)))
    return _extract(_without_title(html), limits)  # its title is none of its text


def read_latex(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    source = prepared(decode_text(data))
    try:
        return _extract(_html_of_latex(source, limits), limits)
    except UnreadableFileError as error:
        return _extract_in_parts(source, limits, error)


def _html_of_latex(source: str, limits: ReadLimits) -> str:
    ended = _convert(source.encode(errors="replace"), "latex", limits, _TELLING)
    if more := definitions(source, ended.stderr.decode(errors="replace")):
        ended = _convert((more + source).encode(errors="replace"), "latex", limits, _QUIET)
    return with_references(_html_of(ended))


def _extract_in_parts(source: str, limits: ReadLimits, error: UnreadableFileError) -> Extract:
    """What can be read of LaTeX that cannot be read as a whole. Raises: UnreadableFileError."""
    if error.reason != DAMAGED:
        raise error
    found = convert_in_parts(source, partial(_html_of_latex, limits=limits))
    title, *others = found.pages
    html = "".join([title, *(_without_title(body_html(page)) for page in others)])
    count = f"{found.plain_count:,} of {found.paragraph_count:,}"
    note = f"{count} paragraphs are no LaTeX that pandoc can parse: their words are kept"
    return _extract(html, limits)._replace(notes=(note,))


def _without_title(html: str) -> str:
    start, _, rest = html.partition(_TITLE_BLOCK)
    return start + rest.partition("</header>")[2] if rest else html


def read_org(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    org = without_open_marks(org_text.prepared(decode_text(data)))
    given = org.text.encode(errors="replace")
    return _extract(org.shown(_html_of(_convert(given, "org", limits, _QUIET))), limits)


def read_asciidoc(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    text = asciidoc_text.prepared(decode_text(data))
    ended = _convert(text.encode(errors="replace"), "asciidoc", limits, _QUIET)
    return _extract(_html_of(ended), limits)


def _convert(data: bytes, name: str, limits: ReadLimits, log: str) -> _Ended:
    memory_mib = max(_MIN_MEMORY_MIB, limits.max_data_bytes // _MIB * _MEMORY_SHARE)
    command = [
        _pandoc(name),
        f"--from={name}{_WITHOUT.get(name, '')}",
        *_OPTIONS,
        *_LEVELS.get(name, ()),
        log,
        "+RTS",
        f"-M{memory_mib}m",
        "-RTS",
    ]
    ended = _run(command, data)
    if ended.returncode == _OUT_OF_MEMORY:
        raise MemoryError
    if ended.returncode:
        lines = ended.stderr.decode(errors="replace").splitlines()
        complaint = " ".join(
            " ".join(line for line in lines if not line.startswith(_REMARKS)).split()
        )[:200]
        raise damaged(f"pandoc cannot read it ({complaint or f'exit {ended.returncode}'})")
    limits.check_data(len(ended.stdout), "its HTML")
    return ended


def _html_of(ended: _Ended) -> str:
    return _DOTLESS.sub(r"i\1", ended.stdout.decode(errors="replace"))


def _extract(html: str, limits: ReadLimits) -> Extract:
    extract = read_html_text(html, limits)
    return extract._replace(title="") if extract.title == _NO_TITLE else extract


def _pandoc(name: str) -> str:
    package = find_spec("pypandoc")
    folders = (package.submodule_search_locations or []) if package else []
    for folder in folders:
        program = Path(folder) / "files" / "pandoc"
        if program.is_file():
            return str(program)
    raise UnreadableFileError(
        "missing_extra", f"reading {name} needs an extra: pip install 'corpus-distill[pandoc]'"
    )


def _run(command: Sequence[str], data: bytes) -> _Ended:
    return subprocess.run(  # noqa: S603 - no shell, and no word of the file is among the arguments
        command, input=data, capture_output=True, check=False, env={}, preexec_fn=_die_with_parent
    )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
