"""Questions that need two related chunks of a document."""
