"""Records that the stages and the engine pass on: frozen, without I/O."""
