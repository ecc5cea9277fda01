"""How often Python looks for garbage in the processes that send and read."""

import gc

# How many objects more than before start a collection. At Python's 700, looking for garbage takes
# a third of the processor with hundreds of requests in flight (docs/performance.md), a tenth of
# the time of the imports, and an eighth of that of reading a PDF.
OBJECTS_BETWEEN_COLLECTIONS = 20_000
COLLECTIONS_BETWEEN_LARGER_ONES = 50


def collect_rarely() -> None:
    """Change it for this process."""
    gc.set_threshold(
        OBJECTS_BETWEEN_COLLECTIONS,
        COLLECTIONS_BETWEEN_LARGER_ONES,
        COLLECTIONS_BETWEEN_LARGER_ONES,
    )
