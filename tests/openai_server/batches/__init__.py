"""The Batch API of the stand-in: batches, their lives, answers and bills."""
