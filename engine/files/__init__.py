"""What is on disk, and how it survives a crash: logs of JSON lines, the journal, locks."""
