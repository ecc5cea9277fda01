"""Whether the files of a run agree with each other and with the provider; and tidying up."""
