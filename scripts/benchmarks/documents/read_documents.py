"""How completely and how fast documents are read: two books of Debian in several formats.

    python scripts/benchmarks/documents/read_documents.py

The packages are those installed here, or are fetched with `apt-get download` into a temporary
folder. A format's words are counted as a multiset and compared with those of the text version.
"""

import gzip
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from jobs.documents.list_files import SourceFile, digest_of, id_of
from jobs.documents.load_documents import load_document
from schemas.documents import Document
from schemas.settings import DocumentSettings

POLICY_DIR = Path("usr/share/doc/debian-policy")
REFERENCE_DIR = Path("usr/share/debian-reference")
_WORD = re.compile(r"\w+")
_NO_TEXT = ("genindex.html", "search.html")  # made by Sphinx for its web pages


class Edition(NamedTuple):
    """One format of a book: the files that hold it, in order."""

    name: str
    paths: list[Path]


class Reading(NamedTuple):
    """What was read of an edition, and how long it took."""

    documents: list[Document]
    seconds: float
    size_bytes: int

    def words(self) -> Counter[str]:
        """How often each word occurs."""
        return Counter(
            word for document in self.documents for word in _WORD.findall(document.text.casefold())
        )


def package_root(name: str, marker: Path, scratch_dir: Path) -> Path:
    """The folder below which Debian package `name` is unpacked; `marker` is one of its folders."""
    if (Path("/") / marker).is_dir():
        return Path("/")
    subprocess.run(["apt-get", "download", name], cwd=scratch_dir, check=True)
    (archive,) = scratch_dir.glob(f"{name}_*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, scratch_dir], check=True)
    return scratch_dir


def policy_editions(folder: Path) -> list[Edition]:
    """The Debian Policy Manual, its text first."""
    pages = sorted((folder / "policy.html").glob("*.html"))
    return [
        Edition("text", [folder / "policy.txt.gz"]),
        Edition("pdf", [folder / "policy.pdf.gz"]),
        Edition("epub", [folder / "policy.epub"]),
        Edition("html", [page for page in pages if page.name not in _NO_TEXT]),
    ]


def reference_editions(folder: Path) -> list[Edition]:
    """The Debian Reference, its text first."""
    return [
        Edition("text", [folder / "debian-reference.en.txt.gz"]),
        Edition("pdf", [folder / "debian-reference.en.pdf"]),
        Edition("html", sorted(folder.glob("*.en.html"))),
    ]


def read_edition(edition: Edition) -> Reading:
    """The documents of an edition, read one after the other in this process."""
    sources = [(path, _source_of(path)) for path in edition.paths]
    started = time.perf_counter()
    documents = [load_document(path, source, DocumentSettings()) for path, source in sources]
    seconds = time.perf_counter() - started
    return Reading(documents, seconds, sum(_plain_size(path) for path in edition.paths))


def share_in_common(words: Counter[str], reference: Counter[str]) -> float:
    """The share of the words of `reference` that are in `words` too, counted as a multiset."""
    return (words & reference).total() / reference.total()


def _source_of(path: Path) -> SourceFile:
    with path.open("rb") as file:
        digest = digest_of(file)
    document_id = id_of(digest.hexadecimal, path.name, "")
    return SourceFile(document_id=document_id, path=path.name, size_bytes=digest.size_bytes)


def _plain_size(path: Path) -> int:
    return len(gzip.decompress(path.read_bytes())) if path.suffix == ".gz" else path.stat().st_size


def _table(editions: list[Edition]) -> Iterator[str]:
    read_edition(editions[0])  # imports
    reference: Counter[str] = Counter()
    for edition in editions:
        read_edition(edition._replace(paths=edition.paths[:1]))
        reading = read_edition(edition)
        words = reading.words()
        reference = reference or words
        speed = reading.size_bytes / 1e6 / reading.seconds
        yield (
            f"{edition.name:6} {words.total():>8,} {share_in_common(words, reference):>10.2%} "
            f"{reading.seconds:>8.2f} {speed:>7.1f}"
        )


def main() -> None:
    """Print one table a book."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch_dir = Path(scratch)
        policy = package_root("debian-policy", POLICY_DIR, scratch_dir) / POLICY_DIR
        reference = package_root("debian-reference-en", REFERENCE_DIR, scratch_dir) / REFERENCE_DIR
        for title, editions in (
            ("Debian Policy Manual", policy_editions(policy)),
            ("Debian Reference", reference_editions(reference)),
        ):
            print(f"{title}\nformat    words  in common  seconds    MB/s")
            print("\n".join(_table(editions)))


if __name__ == "__main__":
    main()
