"""Where the batch lane of a run keeps its files."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import ConfigError, DamagedLogError

if TYPE_CHECKING:  # `distill send` asks for the folder at its start, though it rarely has batches
    from schemas.batches import Batch


class BatchFolder(NamedTuple):
    """The ledger, and a folder with the outbox, the attempts and the files of batches.

    `owner_id` is in the metadata of every batch: by it a run knows its own.
    """

    ledger_path: Path
    files_dir: Path
    owner_id: str

    @property
    def is_of_send(self) -> bool:
        """Whether it belongs to a file of replies, and not to a run."""
        return self.ledger_path.parent == self.files_dir

    @property
    def target(self) -> Path:
        """What the user calls it: the run's folder, or the file of replies."""
        if self.is_of_send:
            return self.files_dir.with_suffix("")  # OUT.jsonl.batches/ledger.jsonl
        return self.ledger_path.parent

    def forgetting(self, batch: "Batch") -> str:
        """How a batch that cannot be collected is given up, for messages."""
        usd = batch.intent.worst_case_usd
        cost = "what it may have cost" if usd is None else f"the ${usd:.4f} that it may have cost"
        return (
            f"`distill batches {self.target} --forget {batch.remote.batch_id or batch.name}` gives "
            f"it up: {cost} counts as spent, and its {batch.intent.request_count:,} requests are "
            "asked again as far as the budget allows"
        )

    def lacking_requests(self, name: str) -> DamagedLogError:
        """The error for a batch that is out, and whose requests are unknown."""
        return DamagedLogError(
            f"{self.input_path(name)}: is gone, and with it which requests the batch holds; "
            f"restore it from a backup, or give the batch up: `distill batches {self.target} "
            f"--forget {name}` counts what it may have cost as spent, and what it has answered "
            "and is not kept yet is bought again"
        )

    @property
    def outbox_path(self) -> Path:
        """Requests that wait for a batch."""
        return self.files_dir / "outbox.jsonl"

    @property
    def attempts_path(self) -> Path:
        """Tries that did not settle their request."""
        return self.files_dir / "attempts.jsonl"

    def input_path(self, name: str) -> Path:
        """The requests of a batch, as they are uploaded."""
        return self.files_dir / f"{name}.jsonl"

    def packing_path(self, name: str) -> Path:
        """The same until the ledger has noted that they are to be uploaded: none is out before."""
        return self.files_dir / f"{name}.jsonl.part"

    def finish_packing(self, name: str) -> None:
        """Have the requests of a batch, which is noted now, where they are uploaded from."""
        path = self.packing_path(name)
        if path.exists():
            path.replace(self.input_path(name))

    def requests_path(self, name: str) -> Path:
        """Where those of a batch that is noted are: a kill may have left them where it was packed.

        Only who writes the folder finishes that; others read them there.
        """
        packing_path = self.packing_path(name)
        return packing_path if packing_path.exists() else self.input_path(name)

    def packed_paths(self) -> list[Path]:
        """All files of requests that there are, intended or not."""
        paths = self.files_dir.glob("[0-9]*.jsonl")
        return sorted(path for path in paths if path.name.count(".") == 1)

    def unnoted_paths(self, names: Iterable[str]) -> list[Path]:
        """Files of requests that are of no batch of these names, which the ledger has."""
        known = set(map(self.input_path, names))
        return [path for path in self.packed_paths() if path not in known]

    def require_ledger(self) -> None:
        """Refuse to go on without the ledger where there are files of batches.

        Raises:
            DamagedLogError: it is gone, and with it which requests are out.
        """
        if not self.ledger_path.exists() and self.packed_paths():
            raise DamagedLogError(
                f"{self.ledger_path}: is gone, though {self.files_dir} holds files of batches: "
                "their requests may be out, and would be bought again. Restore it from a backup; "
                "or make an empty file of this name: then its batches are looked for at the "
                "provider, and what was answered is taken from there"
            )

    def output_path(self, name: str) -> Path:
        """The replies of a batch, while they are being collected."""
        return self.files_dir / f"{name}.output.jsonl"

    def error_path(self, name: str) -> Path:
        """The failures of a batch, while they are being collected."""
        return self.files_dir / f"{name}.errors.jsonl"

    def fresh_path(self, path: Path) -> Path:
        """Where a result file is put before it is looked at."""
        return path.with_name(path.name + ".fresh")

    def torn_path(self, path: Path) -> Path:
        """A result file that ended within a line; once it comes again alike, it is complete."""
        return path.with_name(path.name + ".torn")

    def remains(self) -> list[Path]:
        """What a crash has left of downloads and of packing; it is started again."""
        paths = self.files_dir.glob("[0-9]*")
        return [path for path in paths if path.suffix in (".part", ".fresh")]

    def remote_name(self, name: str, sha256: str) -> str:
        """The name under which an input file is uploaded; no other file has it.

        A copy of the run's folder has the same owner, but its files have other names.
        """
        return f"{self.remote_prefix}{name}-{sha256[:12]}.jsonl"

    @property
    def remote_prefix(self) -> str:
        """How the names of all its files at the provider begin."""
        return f"distill-{self.owner_id}-"

    def create(self) -> None:
        """Make the folder if it is not there.

        Raises:
            ConfigError: it cannot be made.
        """
        try:
            self.files_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.files_dir}: cannot be made: {error.strerror}") from error
