"""ragas's metrics through the engine; imported only where something is scored."""
