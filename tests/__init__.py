"""The proof: unit, integration and crash tests, and the stand-in server they talk to."""
