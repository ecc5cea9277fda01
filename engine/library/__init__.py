"""The engine for other programs: opened in one call, and chat requests made for it."""
