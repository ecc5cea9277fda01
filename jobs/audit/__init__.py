"""Whether the books of a run agree with each other and with the provider; and tidying up."""
