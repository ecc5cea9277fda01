"""Plain prompts in place of a file of requests, and their answers as texts."""
