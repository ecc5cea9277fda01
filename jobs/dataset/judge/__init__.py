"""A second model that sees the source: what it is asked, what its verdicts mean."""
