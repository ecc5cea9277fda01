"""Pages as Confluence stores and exports them: its own elements as those of HTML."""

import re

MARK = "<ac:"
_PARAMETER = re.compile(
    r"<ac:(?:default-)?parameter(?P<of>[^<>]{0,200})>(?P<value>[^<>]{0,500})</ac:(?:default-)?parameter>"
)
_TITLE = re.compile(r"ac:name=[\"']title[\"']")
_PAGE_LINK = re.compile(  # without words of its own it shows the title of the page
    r"(<ac:link[^<>]{0,200}>\s{0,9})<ri:page[^<>]{0,500}?ri:content-title=\"([^\"<>]{1,300})\""
    r"[^<>]{0,200}>(?:\s{0,9}</ri:page>)?(\s{0,9}</ac:link>)"
)
_EMOJI = re.compile(r"<ac:emoticon[^<>]{0,300}?ac:emoji-fallback=\"([^\"<>:]{1,20})\"[^<>]{0,200}>")
_TASK_ID = re.compile(r"<ac:task-(?:id|uuid)>[^<>]{0,100}</ac:task-(?:id|uuid)>")
_STATUS = re.compile(r"<ac:task-status>([^<>]{0,40})</ac:task-status>")
_AS = {
    "ac:plain-text-body": "pre",
    "ac:rich-text-body": "div",
    "ac:task-list": "ul",
    "ac:task": "li",
}
_ELEMENT = re.compile(rf"(</?)({'|'.join(_AS)})(?=[\s>])")


def from_confluence(markup: str) -> str:
    """A page in which code is code, tasks are a list, and parameters but for titles are no text."""
    markup = _PARAMETER.sub(_title_of, markup)
    markup = _PAGE_LINK.sub(r"\1\2\3", _TASK_ID.sub("", markup))
    markup = _STATUS.sub(_box, _EMOJI.sub(r"\1", markup))
    return _ELEMENT.sub(lambda found: found[1] + _AS[found[2]], markup)


def _title_of(parameter: re.Match[str]) -> str:
    return f"<p>{parameter['value']}</p>" if _TITLE.search(parameter["of"]) else ""


def _box(status: re.Match[str]) -> str:
    return "[x] " if status[1].strip() == "complete" else "[ ] "
