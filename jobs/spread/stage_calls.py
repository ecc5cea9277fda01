"""One pass over a stage whose items lie in shards: what its workers find in its folder."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any
from zlib import crc32

from pydantic import ValidationError

from engine.errors import ConfigError
from engine.files.jsonl_lines import damaged_line
from engine.files.records import encode_record, first_problem, record_id
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.documents.list_files import STAGE as DOCUMENTS_NAME
from jobs.run.elsewhere import StageLeft
from jobs.send.sharded.outside.depot import Input
from jobs.send.sharded.outside.spool import PROMPTS, RUN
from jobs.send.sharded.shards import Shard, ShardedCall
from jobs.send.sharded.write_shards import write_call
from schemas.record import Record, Value

ITEMS_NAME = "items.jsonl"
CHUNK_FIELD = "chunk_id"
OWN_PACKAGES = ("jobs", "schemas")


class StageCall(Value):
    """What is worked on, and how; the classes and functions by their names, as `module:name`.

    `window` is how many items a worker takes at once, None: as many as may be in flight;
    `remembers` is that of jobs.run.elsewhere.
    """

    stage: str
    item: str
    result: str
    needs: str
    work: str
    window: int | None = None
    remembers: bool = False


def write_stage_call(folder: RunFolder, left: StageLeft, count: int) -> ShardedCall:
    """Put what is left of a stage into `count` shards, what is about one chunk into the same.

    So what shares a prompt goes to one worker, which asks it in turn. What has a place of its own
    goes there.

    Raises:
        StorageError: the disk refused it.
    """
    kinds = set[type[Record]]()

    number_of = _number_of if left.placing is None else left.placing.number_of

    def lines() -> Iterator[tuple[int, bytes]]:
        for item in left.items:
            kinds.add(type(item))
            yield number_of(item), encode_record(item)

    call = write_call(folder.shards_dir.absolute(), ITEMS_NAME, lines(), count)
    [kind] = kinds
    order = StageCall(
        stage=left.stage,
        item=name_of(kind),
        result=name_of(left.kind),
        needs=name_of(left.needs),
        work=name_of(left.way.work),
        window=left.way.window,
        remembers=left.way.remembers,
    )
    replace_file(_order_path(call), [order.model_dump_json().encode()])
    return call


def read_stage_call(call: ShardedCall) -> StageCall | None:
    """What a call is about; None: it was cut off before it was whole, and nobody began it.

    Raises:
        DamagedLogError: it says nothing that this version knows.
    """
    path = _order_path(call)
    if not path.exists():
        return None
    try:
        return StageCall.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise damaged_line(path, 1, first_problem(error)) from error


def require_stage_call(shard: Shard) -> StageCall:
    """What the call of a shard is about, for one who is to work on it.

    Raises:
        ConfigError: it is not to be seen from this machine.
    """
    call = read_stage_call(ShardedCall(shard.folder.parent))
    if call is None:
        raise ConfigError(
            f"{shard.folder}: is not there on a machine of the cluster; the run must lie in a "
            "folder that all of them have at the same path (docs/ray.md)"
        )
    return call


def stage_inputs(
    folder: RunFolder, call: ShardedCall, left: StageLeft, prompts_dir: Path | None
) -> list[Input]:
    """What a worker that does not see the folder of the run needs of it, beside the items.

    Whole documents are none of that: where they are cut they are the items.
    """
    of_run = [folder.journal_path]
    if left.placing is not None:
        of_run += left.placing.needed
    else:
        unneeded = (*folder.own_paths(), folder.results_path(DOCUMENTS_NAME))
        of_run += [path for path in folder.run_dir.glob("*.jsonl") if path not in unneeded]
        of_run += folder.evaluation_dir.glob("*.jsonl")
    inputs = [Input(f"{RUN}/{path.relative_to(folder.run_dir)}", path) for path in of_run]
    inputs.append(Input(_order_path(call).name, _order_path(call)))
    if prompts_dir is not None:
        files = (path for path in prompts_dir.rglob("*") if path.is_file())
        inputs += [Input(f"{PROMPTS}/{path.relative_to(prompts_dir)}", path) for path in files]
    return [each for each in inputs if each.path.exists()]


def items_path(shard: Shard) -> Path:
    """The items of a shard."""
    return shard.folder / ITEMS_NAME


def run_folder_of(shard: Shard) -> RunFolder:
    """The folder of the run that a shard is part of."""
    return RunFolder(shard.folder.parents[2])


def name_of(named: Callable[..., Any]) -> str:
    """How a class or function of ours is called, so that it is found in another process."""
    name = f"{named.__module__}:{named.__qualname__}"
    assert _find(name) is named, name
    return name


def find_kind(name: str) -> type[Record]:
    """The records of ours that are called `module:name`.

    Raises:
        ConfigError: there are none here.
    """
    found = _find(name)
    if isinstance(found, type) and issubclass(found, Record):
        return found
    raise _unknown(name)


def find_function(name: str) -> Callable[..., Any]:
    """The function of ours that is called `module:name`.

    Raises:
        ConfigError: there is none here.
    """
    found = _find(name)
    if isinstance(found, FunctionType):
        return found
    raise _unknown(name)


def _find(name: str) -> object:
    module, _, attribute = name.partition(":")
    if module.partition(".")[0] not in OWN_PACKAGES:
        return None
    try:
        return getattr(import_module(module), attribute)
    except (AttributeError, ImportError):
        return None


def _unknown(name: str) -> ConfigError:
    return ConfigError(
        f"{name} is not known here: go on with the version of the project that began this stage, "
        "the same on each machine"
    )


def _number_of(item: Record) -> int:
    return crc32(str(getattr(item, CHUNK_FIELD, "") or record_id(item)).encode())


def _order_path(call: ShardedCall) -> Path:
    return call.folder / "stage.json"
