"""The tables that are the small model's prompts: their fields, and what makes one of no use."""

import re
import tomllib
from collections.abc import Collection, Iterator

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from schemas.dataset import Kind
from schemas.record import Value
from schemas.settings.types import AboveZero, Fraction, Positive

QUESTIONS = "small_questions.toml"
ANSWERS = "small_answers.toml"

_NAME = re.compile(r"\{([a-z_]+)\}")
_NOT_KNOWN_TO_LLAMA = ("(?", "\\w")  # it leaves out, silently, what it does not understand
_REST = "rest"


class OpeningRule(Value):
    """Sentences that match `when` get a question of this `kind` and `pattern`."""

    kind: Kind
    when: str
    pattern: str


class QuestionExample(Value):
    """A sentence and the question that it answers."""

    sentence: str
    reply: str


class AnswerExample(Value):
    """A sentence, a question, and the answer in the words of the sentence."""

    sentence: str
    question: str
    reply: str


class QuestionPrompt(Value):
    """The file small_questions.toml; what each field means stands there."""

    system: str
    max_output_tokens: Positive
    min_evidence_overlap: Fraction
    max_told_share: Fraction
    min_similarity: Fraction
    rest: str
    unfinished: str
    parts: dict[str, str]
    openings: tuple[OpeningRule, ...] = Field(min_length=1)
    examples: tuple[QuestionExample, ...] = Field(min_length=1)

    def filled(self, rule: OpeningRule) -> str:
        """The `when` of a rule with the parts that it names."""
        when = rule.when
        for name, part in self.parts.items():
            when = when.replace(f"{{{name}}}", part)
        return when


class AnswerPrompt(Value):
    """The file small_answers.toml; what each field means stands there."""

    system: str
    max_output_tokens: Positive
    pattern: str
    min_evidence_overlap: Fraction
    min_new_words: int = Field(ge=0)
    max_length_share: AboveZero
    min_similarity: Fraction
    examples: tuple[AnswerExample, ...] = Field(min_length=1)


def faults_of_table(name: str, text: str) -> Iterator[str]:
    """What makes the text of one of the two files of no use, a line each; nothing: it is fit."""
    kind = QuestionPrompt if name == QUESTIONS else AnswerPrompt
    try:
        prompt = kind.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        yield f"is no TOML: {error}"
    except ValidationError as error:
        yield from map(_describe, error.errors(include_url=False))
    else:
        if isinstance(prompt, QuestionPrompt):
            yield from _faults_of_questions(prompt)
        else:
            yield from _faults_of_pattern("pattern", prompt.pattern, ())


def _faults_of_questions(prompt: QuestionPrompt) -> Iterator[str]:
    for key, pattern in {"rest": prompt.rest, "unfinished": prompt.unfinished}.items():
        yield from _faults_of_regex(key, pattern)
    for number, rule in enumerate(prompt.openings, start=1):
        key = f"openings, number {number}, "
        when = prompt.filled(rule)
        if unknown := set(_NAME.findall(when)):
            yield f"{key}when: has {_braced(unknown)}, expected {_braced(prompt.parts)}"
        elif faults := list(_faults_of_regex(f"{key}when", when)):
            yield from faults
        else:
            known = (*re.compile(when).groupindex, _REST)
            yield from _faults_of_pattern(f"{key}pattern", rule.pattern, known)


def _faults_of_pattern(key: str, pattern: str, known: Collection[str]) -> Iterator[str]:
    """`known`: what its `{names}` may be."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        yield f"{key}: begins with ^ and ends with $, or llama.cpp leaves it out"
    if found := [each for each in _NOT_KNOWN_TO_LLAMA if each in pattern]:
        yield f"{key}: has {found[0]}, which llama.cpp leaves out"
    if unknown := set(_NAME.findall(pattern)) - set(known):
        yield f"{key}: has {_braced(unknown)}, expected {_braced(known)}"
    yield from _faults_of_regex(key, _NAME.sub("", pattern))


def _faults_of_regex(key: str, pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"{key}: is no regular expression: {error}"


def _braced(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "no name in braces"


def _describe(problem: ErrorDetails) -> str:
    """In words of people, with the key as it stands in the file; entries are counted from 1."""
    key = ", ".join(
        f"number {part + 1}" if isinstance(part, int) else part for part in problem["loc"]
    )
    facts = problem.get("ctx", {})
    wanted = {
        "missing": "is missing",
        "extra_forbidden": "is no name of this file",
        "string_type": "expected text in quotes",
        "int_type": "expected a whole number",
        "int_from_float": "expected a whole number",
        "float_type": "expected a number",
        "literal_error": f"expected {facts.get('expected')}",
        "greater_than": f"expected a number above {facts.get('gt')}",
        "greater_than_equal": f"expected at least {facts.get('ge')}",
        "less_than_equal": f"expected at most {facts.get('le')}",
        "tuple_type": "expected entries under [[...]]",
        "dict_type": "expected a table of names and values",
        "model_type": "expected a table of names and values",
        "too_short": "expected one entry or more",
    }
    return f"{key}: {wanted.get(problem['type'], problem['msg'])}"
