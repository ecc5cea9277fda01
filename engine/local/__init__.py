"""A small real model on this machine, behind the same interface as any other server."""
