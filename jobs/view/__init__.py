"""A page on this machine that shows the rows of a run, and takes decisions about them."""
