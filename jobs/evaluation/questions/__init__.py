"""The questions of an evaluation: their origin, and the text each is judged against."""
