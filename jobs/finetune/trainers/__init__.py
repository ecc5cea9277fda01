"""Ways to tune the student: each takes checked rows and says what became of them."""
