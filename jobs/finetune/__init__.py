"""Tunes the student: checks the rows, submits the training, follows it to its end."""
