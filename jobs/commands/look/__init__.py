"""Commands that say where a run stands and what is wrong."""
