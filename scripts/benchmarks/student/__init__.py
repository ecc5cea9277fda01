"""What a student learns from rows, and how its answers are measured."""
