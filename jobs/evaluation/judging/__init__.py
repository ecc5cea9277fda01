"""What a judge is asked about an answer, and what its replies amount to."""
