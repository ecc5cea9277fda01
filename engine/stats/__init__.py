"""What the engine did so far: counted, kept every few seconds, served to Prometheus."""
