"""The student is tuned: rows checked, the training submitted, its end awaited."""
