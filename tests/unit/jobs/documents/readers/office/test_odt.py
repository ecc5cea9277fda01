from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_zip
from tests.unit.jobs.documents.readers.reading import headings, read

_SCHEMA = "urn:oasis:names:tc:opendocument:xmlns"
_NAMESPACES = " ".join(
    f'xmlns:{name}="{_SCHEMA}:{name}:1.0"' for name in ("office", "text", "table", "style", "draw")
)
STYLES = (
    '<style:style style:name="Code" style:parent-style-name="Preformatted_20_Text"/>'
    '<style:style style:name="Preformatted_20_Text"/>'
    '<style:style style:name="Up"><style:text-properties style:text-position="super 58%"/>'
    "</style:style>"
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    'style:num-format="1"/><text:list-level-style-number text:level="2" style:num-format="a"/>'
    "</text:list-style>"
    '<style:style style:name="Gone"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="Inner" style:parent-style-name="Gone"/>'
)


def _odt(body: str, **parts: str) -> bytes:
    content = (
        f'<office:document-content {_NAMESPACES} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{STYLES}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    members = {"content.xml": content.encode(), **{k: v.encode() for k, v in parts.items()}}
    return make_zip(members)


def _item(content: str) -> str:
    return f"<text:list-item>{content}</text:list-item>"


def _p(text: str, style: str = "") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


@each_row(
    "body, text",
    [
        (_p("Seen.") + _p("Not.", "Inner"), "Seen."),
        (
            _p("if x:", "Preformatted_20_Text") + _p("<text:s text:c='4'/>y()", "Source_20_Code"),
            "if x:\n    y()",
        ),
        (_p("Seen<text:span text:style-name='Gone'> not</text:span>."), "Seen."),
        (_p("A<text:hidden-text text:is-hidden='true'>no</text:hidden-text>."), "A."),
        (_p("<text:hidden-paragraph text:is-hidden='true'/>Not.") + _p("Seen."), "Seen."),
        (f"<text:section text:display='none'>{_p('No.')}</text:section>{_p('Yes.')}", "Yes."),
        (
            f"<text:alphabetical-index>{_p('pump, 5')}</text:alphabetical-index>"
            f"<text:bibliography>{_p('A book.')}</text:bibliography>",
            "A book.",
        ),
        (_p("10<text:span text:style-name='Up'>6</text:span> writes"), "10^6 writes"),
        (_p("a<text:line-break/>b<text:s text:c='3'/>c"), "a\nb c"),
        (_p("if x:", "Code") + _p("<text:s text:c='4'/>y", "Code") + _p("z"), "if x:\n    y\n\nz"),
        (
            "<text:tracked-changes><text:deletion><text:p>gone</text:p></text:deletion>"
            "</text:tracked-changes>" + _p("kept"),
            "kept",
        ),
        (
            _p(
                "bar<text:note><text:note-citation>1</text:note-citation><text:note-body>"
                + _p("A note.")
                + "</text:note-body></text:note>."
            ),
            "bar[1].\n\n[1] A note.",
        ),
        (
            _p(f"Over.<draw:frame><draw:text-box>{_p('In the box.')}</draw:text-box></draw:frame>"),
            "Over.\n\nIn the box.",
        ),
        (f"<text:section>{_p('In a section.')}</text:section>", "In a section."),
        (
            f"<text:list><text:list-header>{_p('Parts')}</text:list-header>{_item(_p('a'))}"
            "</text:list>",
            "Parts\n\n- a",
        ),
        (f"<text:table-of-content>{_p('Scope 3')}</text:table-of-content>{_p('Text.')}", "Text."),
        (
            "<table:table><table:table-header-rows><table:table-row>"
            f"<table:table-cell table:number-columns-spanned='2'>{_p('Wide')}</table:table-cell>"
            f"<table:covered-table-cell/><table:table-cell>{_p('c')}</table:table-cell>"
            "</table:table-row></table:table-header-rows><table:table-row>"
            f"<table:table-cell table:number-columns-repeated='2'>{_p('x')}</table:table-cell>"
            f"<table:table-cell>{_p('y')}</table:table-cell></table:table-row></table:table>",
            "Wide |  | c\nx | x | y",
        ),
    ],
)
def test_text_is_kept_with_its_form(body: str, text: str) -> None:
    assert read("odt", _odt(body)).text == text


def test_numbers_go_on_where_the_list_says_so() -> None:
    inner = f"<text:list>{_item(_p('inner'))}</text:list>"
    body = (
        f"<text:list text:style-name='L'>{_item(_p('one') + inner)}{_item(_p('two'))}</text:list>"
        f"{_p('Pause.')}<text:list text:style-name='L' text:continue-numbering='true'>"
        f"{_item(_p('three'))}</text:list>"
    )

    assert read("odt", _odt(body)).text == "1. one\n  a. inner\n2. two\n\nPause.\n\n3. three"


def test_headings_have_their_levels() -> None:
    body = "<text:h text:outline-level='1'>A</text:h><text:h text:outline-level='9'>B</text:h>"

    assert headings(read("odt", _odt(body))) == [(1, "A"), (6, "B")]


def test_a_formula_is_read_from_its_own_part() -> None:
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><msup><mi>x</mi><mn>2</mn>'
        '</msup><annotation encoding="StarMath 5.0">x^{2}</annotation></semantics></math>'
    )
    body = _p('If <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame> holds.')

    assert read("odt", _odt(body, **{"Object 1/content.xml": formula})).text == "If x^2 holds."


def test_what_is_nested_without_end_keeps_its_text() -> None:
    body = "<text:section>" * 2_000 + _p("deep") + "</text:section>" * 2_000

    assert read("odt", _odt(body)).text == "deep"
