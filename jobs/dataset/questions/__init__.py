"""Questions: which chunks are asked about, what is asked, what of it is kept."""
