"""A student's tokens: the tokenizer of a folder, or the one that a GGUF describes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import ConfigError
from jobs.finetune.student.source.gguf_file import GgufStudent
from jobs.finetune.student.source.hf_folder import read_json
from jobs.finetune.student.source.settled_template import settled_template
from jobs.finetune.student.source.splitting import SPLITTERS, splitter_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# gguf.TokenType; control and user-defined ones become one token wherever they stand in a text
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5
TEMPLATE_KEY = "tokenizer.chat_template"
_ADDING_BOS = ("llama-bpe",)  # splitters that llama.cpp adds BOS with where a GGUF says nothing
_NO_BPE = "expected a byte-level BPE vocabulary (as Llama 3, Qwen and SmolLM have one)"


class TokenTable(NamedTuple):
    """All tokens by id, what each is, and the pairs that are merged, in order.

    `splitter` is llama.cpp's name for the way text is cut before it is merged into tokens.
    """

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[tuple[str, str], ...]
    splitter: str


class Vocabulary(NamedTuple):
    """Tokens, and what the student's own chat template needs to know of them.

    `template` is settled: it is in all that is exported. `end_tokens` end an answer; the first is
    the vocabulary's own. `adds_bos`: a server puts it before every prompt, and takes away the one
    that the template writes.
    """

    tokenizer: "Tokenizer"
    table: TokenTable
    template: str
    bos_token: str
    end_tokens: tuple[str, ...]
    adds_bos: bool

    def ids(self, text: str) -> list[int]:
        """The ids of a text in which control tokens are meant as such."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def prompt_ids(self, text: str) -> list[int]:
        """The ids of a text that nothing stands before, as a server feeds it."""
        bos_id = self.tokenizer.token_to_id(self.bos_token) if self.adds_bos else None
        return [*([] if bos_id is None else [bos_id]), *self.ids(text)]

    @property
    def end_ids(self) -> frozenset[int]:
        """The ids that end an answer."""
        ids = (self.tokenizer.token_to_id(token) for token in self.end_tokens)
        return frozenset(token_id for token_id in ids if token_id is not None)


def gguf_vocabulary(student: GgufStudent) -> Vocabulary:
    """The tokens that the header of a GGUF describes.

    Raises:
        ConfigError: they are of a kind that is not known here, or damaged.
    """
    fields, place = student.fields, str(student.path)
    kind = fields.get("tokenizer.ggml.model")
    splitter = str(fields.get("tokenizer.ggml.pre", "default"))
    if kind != "gpt2":
        raise ConfigError(f"{place}: found a vocabulary of kind {kind!r}, {_NO_BPE}")
    if splitter not in SPLITTERS:
        raise ConfigError(
            f"{place}: found the text splitter {splitter!r}, expected one of {', '.join(SPLITTERS)}"
        )
    tokens = list(fields["tokenizer.ggml.tokens"])
    merges = [merge.partition(" ") for merge in fields.get("tokenizer.ggml.merges") or ()]
    table = TokenTable(
        tuple(tokens),
        tuple(fields.get("tokenizer.ggml.token_type") or ()),
        tuple((left, right) for left, _, right in merges),
        splitter,
    )
    ends = [_token(fields, tokens, name) for name in ("eos_token_id", "eot_token_id")]
    return _checked(
        place,
        Vocabulary(
            make_tokenizer(table, place),
            table,
            settled_template(str(fields.get(TEMPLATE_KEY, ""))),
            _token(fields, tokens, "bos_token_id"),
            tuple(dict.fromkeys(filter(None, ends))),
            bool(fields.get("tokenizer.ggml.add_bos_token", splitter in _ADDING_BOS)),
        ),
    )


def folder_vocabulary(folder: Path, *, size: int) -> Vocabulary:
    """The tokens of a Hugging Face folder whose model has `size` of them.

    Raises:
        ConfigError: a file is missing or damaged, or the tokens are of an unknown kind.
    """
    try:
        return _folder_vocabulary(folder, size)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{folder}: its tokenizer files do not hold what they should ({error}): they may be "
            "damaged; fetch them again"
        ) from error


def _folder_vocabulary(folder: Path, size: int) -> Vocabulary:
    path = folder / "tokenizer.json"
    described = read_json(path)
    splitter = splitter_of(described)
    if (described.get("model") or {}).get("type") != "BPE" or splitter is None:
        raise ConfigError(
            f"{path}: its way of cutting text has no name in llama.cpp known here, {_NO_BPE}"
        )
    table = _folder_table(described, splitter, size, str(path))
    config = read_json(folder / "tokenizer_config.json")
    template = config.get("chat_template") or ""
    template_path = folder / "chat_template.jinja"
    if template_path.is_file():
        template = template_path.read_text("utf-8")
    if not isinstance(template, str):
        raise ConfigError(f"{folder}: holds several chat templates, expected one")
    ends = [_text(config.get("eos_token")), *_generation_ends(folder, described)]
    return _checked(
        str(folder),
        Vocabulary(
            make_tokenizer(table, str(path)),
            table,
            settled_template(template),
            _text(config.get("bos_token")),
            tuple(dict.fromkeys(filter(None, ends))),
            adds_bos=False,  # a folder's chat template writes all that a prompt has
        ),
    )


def _checked(place: str, vocabulary: Vocabulary) -> Vocabulary:
    if not vocabulary.template:
        raise ConfigError(
            f"{place}: has no chat template: take the instruction-tuned model (-Instruct, -chat)"
        )
    if not vocabulary.end_ids:
        raise ConfigError(f"{place}: names no token that ends an answer (eos_token)")
    return vocabulary


def make_tokenizer(table: TokenTable, place: str) -> "Tokenizer":
    """The tokenizer that a table describes.

    Raises:
        ConfigError: the table contradicts itself.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models

    vocabulary = {token: number for number, token in enumerate(table.tokens)}
    _check_table(table, vocabulary, place)
    way = SPLITTERS[table.splitter]
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=list(table.merges), ignore_merges=way.keeps_whole_words)
    )
    if way.composes:
        tokenizer.normalizer = way.normalizer()
    tokenizer.pre_tokenizer = way.pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    named = list(zip(table.tokens, table.kinds, strict=True))
    tokenizer.add_special_tokens(
        [AddedToken(t, normalized=False) for t, kind in named if kind in (UNKNOWN, CONTROL)]
    )
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t, k in named if k == USER_DEFINED])
    return tokenizer


def _check_table(table: TokenTable, vocabulary: Mapping[str, int], place: str) -> None:
    """Refuse what the library would fail over, or read in a way of its own."""
    if not table.merges or len(table.kinds) != len(table.tokens):
        raise ConfigError(f"{place}: its vocabulary is incomplete (tokens, types, merges)")
    if len(vocabulary) != len(table.tokens):
        raise ConfigError(f"{place}: its vocabulary holds a token twice")
    for left, right in table.merges:
        if not (left in vocabulary and right in vocabulary and left + right in vocabulary):
            raise ConfigError(
                f"{place}: its vocabulary merges {left!r} and {right!r}, which are not all tokens"
            )


def _folder_table(described: Mapping[str, Any], splitter: str, size: int, place: str) -> TokenTable:
    """The table of a tokenizer.json; unused ids get names of their own, as in a GGUF."""
    model = described["model"]
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [UNUSED] * size
    try:
        for token, number in model["vocab"].items():
            tokens[number], kinds[number] = token, NORMAL
        for added in described.get("added_tokens") or ():
            tokens[added["id"]] = added["content"]
            kinds[added["id"]] = CONTROL if added.get("special") else USER_DEFINED
        pairs = [m.split(" ", 1) if isinstance(m, str) else m for m in model["merges"]]
        merges = tuple((left, right) for left, right in pairs)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{place}: its vocabulary does not fit the model's {size:,} tokens ({error!r})"
        ) from error
    return TokenTable(tuple(tokens), tuple(kinds), merges, splitter)


def _generation_ends(folder: Path, described: Mapping[str, Any]) -> list[str]:
    """The tokens of `eos_token_id` in generation_config.json: Llama 3 and Qwen name several."""
    path = folder / "generation_config.json"
    if not path.is_file():
        return []
    found = read_json(path).get("eos_token_id")
    ids = found if isinstance(found, list) else [found]
    text_of = {each["id"]: each["content"] for each in described.get("added_tokens", ())}
    return [text_of[token_id] for token_id in ids if token_id in text_of]


def _token(fields: Mapping[str, Any], tokens: list[str], name: str) -> str:
    number = fields.get(f"tokenizer.ggml.{name}")
    return tokens[number] if isinstance(number, int) and number < len(tokens) else ""


def _text(token: object) -> str:
    """A token's text in tokenizer_config.json: plain, or within an object."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else ""


def save_tokenizer(vocabulary: Vocabulary, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json into a folder that exists."""
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": vocabulary.bos_token or None,
        "eos_token": vocabulary.end_tokens[0],
        "pad_token": vocabulary.end_tokens[0],
        "add_bos_token": vocabulary.adds_bos,
        "clean_up_tokenization_spaces": False,
        "chat_template": vocabulary.template,
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps(config, indent=1, ensure_ascii=False), "utf-8"
    )
