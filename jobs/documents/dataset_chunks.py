"""Looks up the chunks that a written dataset is about."""

from engine.errors import ConfigError
from engine.files.records import RecordLog
from schemas.documents import Chunk


def chunk_of_dataset(chunks: RecordLog[Chunk], chunk_id: str) -> Chunk:
    """The chunk that a line of the written dataset is about.

    Raises:
        ConfigError: there is no such chunk any more: the dataset is not written anew yet.
        DamagedLogError: its line is damaged.
    """
    chunk = chunks.get(chunk_id)
    if chunk is None:
        run_dir = chunks.path.parent
        raise ConfigError(
            f"{run_dir / 'dataset'}: was made of other settings or documents than the run has "
            f"since; `distill run {run_dir}` goes on and writes it anew"
        )
    return chunk
