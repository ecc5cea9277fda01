"""The prompt profile for small models."""
