"""The commands of `distill`, one a module: flags in, one call, exit code out."""
