"""What the engine is used for: from a folder of documents to a dataset."""
