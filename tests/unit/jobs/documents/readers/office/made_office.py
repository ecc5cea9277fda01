"""Office files made of the XML that a test shows, with no more around it than is needed."""

from tests.unit.jobs.documents.readers.made_files import make_zip

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "m": f"{_OFFICE}/math",
        "r": f"{_OFFICE}/relationships",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    }.items()
)


def make_docx(body: str, *, styles: str = "", **parts: str) -> bytes:
    """A DOCX with this body; `parts` are the contents of `numbering`, `footnotes` and so on."""
    found = {"styles": styles, **parts}
    members = {
        "_rels/.rels": _relations({"officeDocument": "word/document.xml"}),
        "word/_rels/document.xml.rels": _relations({name: f"{name}.xml" for name in found}),
        "word/document.xml": _xml("w:document", f"<w:body>{body}</w:body>"),
        **{f"word/{name}.xml": _xml(f"w:{name}", part) for name, part in found.items()},
    }
    return make_zip({name: text.encode() for name, text in members.items()})


def make_pptx(*slides: str) -> bytes:
    """A PPTX with these shapes on its slides."""
    names = {f"slide{number}": f"slides/slide{number}.xml" for number in range(len(slides))}
    ids = "".join(f'<p:sldId id="{256 + i}" r:id="id{i}"/>' for i in range(len(slides)))
    members = {
        "_rels/.rels": _relations({"officeDocument": "ppt/presentation.xml"}),
        "ppt/_rels/presentation.xml.rels": _relations(names),
        "ppt/presentation.xml": _xml("p:presentation", f"<p:sldIdLst>{ids}</p:sldIdLst>"),
    }
    for path, shapes in zip(names.values(), slides, strict=True):
        tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
        members[f"ppt/{path}"] = _xml("p:sld", tree)
    return make_zip({name: text.encode() for name, text in members.items()})


def paragraph(text: str, properties: str = "", *, run: str = "") -> str:
    """A paragraph of one run."""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr>"
        f'<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
    )


def shape(text: str, kind: str = "") -> str:
    """A shape of a slide with one paragraph, a placeholder if `kind` says so."""
    place = f'<p:ph type="{kind}"/>' if kind else ""
    return (
        f"<p:sp><p:nvSpPr><p:nvPr>{place}</p:nvPr></p:nvSpPr>"
        f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _relations(targets: dict[str, str]) -> str:
    found = "".join(
        f'<Relationship Id="id{number}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items())
    )
    uri = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{uri}">{found}</Relationships>'


def _xml(root: str, content: str) -> str:
    return f'<?xml version="1.0"?><{root} {_NAMESPACES}>{content}</{root}>'
