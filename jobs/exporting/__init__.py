"""The rows of a finished run in the formats of other trainers, without a call."""
