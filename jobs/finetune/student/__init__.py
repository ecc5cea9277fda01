"""A student of the own machine: read, tuned, exported, compared with what is served."""
