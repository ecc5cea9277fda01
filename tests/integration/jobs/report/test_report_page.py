"""report.html: complete, self-contained, and nothing in it but text that came as text."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from engine.testing.clocks import EPOCH
from jobs.report.read_report import read_report
from jobs.report.render_page import render_page
from jobs.report.write_report import write_report
from tests.integration.jobs.report.report_runs import (
    EVIDENCE,
    FORMULA,
    HOSTILE,
    HOSTILE_PATH,
    SETTINGS,
    write_begun_run,
    write_evaluated_run,
)

QUESTION_COUNT = 12


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    folder = write_evaluated_run(tmp_path_factory.mktemp("run"), question_count=QUESTION_COUNT)
    return LexborHTMLParser(write_report(folder, SETTINGS).read_text(encoding="utf-8"))


def text_of(page: LexborHTMLParser, selector: str) -> str:
    node = page.css_first(selector)
    assert node is not None, selector
    return node.text()


def policy(page: LexborHTMLParser) -> dict[str, str]:
    meta = page.css_first("meta[http-equiv=Content-Security-Policy]")
    assert meta is not None
    parts = (part.strip().partition(" ") for part in (meta.attributes["content"] or "").split(";"))
    return {name: value for name, _, value in parts}


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def data(page: LexborHTMLParser) -> dict[str, Any]:
    script = page.css_first("script#answer-data")
    assert script is not None
    found: dict[str, Any] = json.loads(script.text())
    return found


def test_the_only_elements_of_script_are_the_page_s_own(page: LexborHTMLParser) -> None:
    scripts = page.css("script")

    assert [script.attributes.get("type") for script in scripts] == ["application/json", None]
    assert page.css("img, iframe, object, embed, link, base, a[target]") == []


def test_no_attribute_runs_or_styles_or_loads_anything(page: LexborHTMLParser) -> None:
    attributes = [
        (name, value or "") for node in page.css("*") for name, value in node.attributes.items()
    ]

    assert [name for name, _ in attributes if name.startswith("on") or name == "style"] == []
    assert {value[:1] for name, value in attributes if name in ("href", "src")} == {"#"}


def test_the_policy_allows_the_page_s_script_and_style_and_nothing_else(
    page: LexborHTMLParser,
) -> None:
    script, style = page.css("script")[-1].text(), page.css("style")[0].text()

    found = policy(page)

    assert found["default-src"] == "'none'"
    assert found["script-src"] == hash_of(script)
    assert found["style-src"] == hash_of(style)
    assert found["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in str(found)


def test_hostile_texts_arrive_in_the_script_as_they_were_written(page: LexborHTMLParser) -> None:
    rows = data(page)["rows"]

    assert len(rows) == QUESTION_COUNT
    assert rows[3]["q"] == f"{HOSTILE} Question 3?"
    assert rows[3]["p"] == HOSTILE_PATH
    assert rows[3]["a"][0]["t"].startswith(f"{FORMULA}\r\n{HOSTILE}")


def test_evidence_is_found_where_the_context_says(page: LexborHTMLParser) -> None:
    found = data(page)

    marked = {
        found["contexts"][row["c"]][start:end] for row in found["rows"] for start, end in row["e"]
    }
    assert marked == {EVIDENCE}


def test_a_context_that_questions_share_stands_once(page: LexborHTMLParser) -> None:
    assert len(data(page)["contexts"]) == QUESTION_COUNT / 3


def test_all_parts_of_an_evaluated_run_are_there(page: LexborHTMLParser) -> None:
    charts = [figure.attributes["id"] for figure in page.css("figure") if figure.css_first("svg")]

    assert charts == [
        f"chart-{name}"
        for name in (
            *("funnel", "kinds", "documents", "question_words", "answer_words", "training"),
            *("scores", "differences", "wins", "dollars", "tokens"),
        )
    ]
    cost = page.css_first("#cost table")
    assert cost is not None
    assert "batch" in cost.text()
    assert "$0.2500" in cost.text()


def test_charts_take_their_colours_from_the_page(page: LexborHTMLParser) -> None:
    colours = {
        value
        for node in page.css("figure svg *")
        for name, value in node.attributes.items()
        if name in ("fill", "stroke") and value
    }

    assert {
        colour for colour in colours if not re.match(r"var\(|none|transparent", colour)
    } == set()


def test_a_run_without_an_evaluation_has_a_report_without_one(tmp_path: Path) -> None:
    folder = write_begun_run(tmp_path / "run")

    page = LexborHTMLParser(write_report(folder, SETTINGS).read_text(encoding="utf-8"))

    assert [section.attributes["id"] for section in page.css("section")] == [
        "run",
        "dataset",
        "cost",
    ]
    assert "leans_on_context" in text_of(page, "#run")


def test_a_run_that_has_only_begun_has_a_report(tmp_path: Path) -> None:
    folder = write_begun_run(tmp_path / "run")
    for path in (*folder.run_dir.glob("*.jsonl"), *folder.dataset_dir.iterdir()):
        path.unlink()
    for path in (folder.run_dir / "finished").glob("*.jsonl"):
        path.unlink()

    page = LexborHTMLParser(write_report(folder, SETTINGS).read_text(encoding="utf-8"))

    assert "No row has been written yet." in text_of(page, "#dataset")


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    folder = write_evaluated_run(tmp_path / "run", question_count=3)

    first = render_page(read_report(folder, SETTINGS, EPOCH))

    assert render_page(read_report(folder, SETTINGS, EPOCH)) == first
