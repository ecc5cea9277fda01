"""A run that changes: what is new since it began, what that costs, and what is asked again."""
