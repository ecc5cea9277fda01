"""Questions, answers and the rows that are made of them."""
