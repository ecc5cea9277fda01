"""What the pages of a report and of a view have in common."""
