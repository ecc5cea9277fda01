"""What may keep a run from working, looked for before it begins: machine, servers, models."""
