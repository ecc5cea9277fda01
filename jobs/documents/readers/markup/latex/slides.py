r"""Slides of LaTeX's class beamer as one page: what is shown step by step is shown at once."""

import re

_SLIDES = ("\\begin{frame}", "\\frame{", "{beamer}", "\\begin{columns}")
_STEPS = r"<[\d+][^<>\n{}\\]{0,40}>|<-\d{1,3}>|<[a-z]{4,8}(?::[^<>\n{}\\]{0,40})?>"
_OVERLAY = re.compile(
    rf"(\\(?:[A-Za-z]{{2,30}}\*?|begin\{{[a-z]{{3,30}}\*?\}}(?:\[[^\[\]\n]{{0,80}}\])?))(?:{_STEPS})(\s?(?=[^\s\[{{]))?"
)
_COLUMN = re.compile(r"\\column(?:\[[^\[\]]{0,20}\])?\{[^{}]{0,80}\}")
_SWITCH = re.compile(rf"\\onslide\*?(?:{_STEPS})?(?![A-Za-z<]|\s{{0,9}}\{{)")
_TITLE = r"\s{0,9}\{((?:[^{}]|\{[^{}]{0,200}\}){0,300})\}"
_TITLES = re.compile(rf"\\begin\{{frame\}}\s{{0,9}}(?:\[[^\[\]]{{0,200}}\])?{_TITLE}(?:{_TITLE})?")


def as_one_page(source: str) -> str:
    r"""`source` without the steps of slides: `\only<2>{text}` is `\only{text}`."""
    if not any(sign in source for sign in _SLIDES):
        return source
    source = _SWITCH.sub("", _COLUMN.sub(r"\\par ", source))
    source = _OVERLAY.sub(lambda found: found[1] + " " * (found[2] is not None), source)
    return _TITLES.sub(_with_titles, source)


def _with_titles(frame: re.Match[str]) -> str:
    titles = zip((r"\frametitle", r"\framesubtitle"), frame.groups(), strict=True)
    return r"\begin{frame}" + "".join(f"{name}{{{text}}}" for name, text in titles if text)
