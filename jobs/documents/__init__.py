"""From a folder of files to documents, chunks and the two sides of the split."""
