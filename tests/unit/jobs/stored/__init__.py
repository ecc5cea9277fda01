"""A run that is kept in a store."""
