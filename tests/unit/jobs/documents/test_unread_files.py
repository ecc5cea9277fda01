from pathlib import Path

from engine.files.records import encode_record
from jobs.documents.unread_files import describe_unread
from schemas.dataset import Rejection


def test_a_type_that_is_not_read_is_named_once_with_what_would_read_it(tmp_path: Path) -> None:
    why = "reading org needs an extra: pip install 'corpus-distill[pandoc]'"
    found = [
        ("unknown_type", "a.doc: unknown type; known: .md"),
        ("unknown_type", "b/c.DOC: unknown type; known: .md"),
        ("unknown_type", "d.xyz: unknown type; known: .md"),
        ("missing_extra", f"e.org: {why}"),
        ("missing_extra", f"f.org: {why}"),
        ("damaged", "g.pdf: is cut off"),
    ]
    rejections = (
        Rejection.of(str(number), stage="documents", reason=reason, detail=detail)
        for number, (reason, detail) in enumerate(found)
    )
    path = tmp_path / "rejected.jsonl"
    path.write_bytes(b"".join(encode_record(rejection) + b"\n" for rejection in rejections))

    assert list(describe_unread(path)) == [
        "not read: g.pdf: is cut off",
        f"not read: 2 of type .org: {why}",
        "not read: 2 of unknown type .doc; save them as .docx",
        "not read: 1 of unknown type .xyz",
    ]
