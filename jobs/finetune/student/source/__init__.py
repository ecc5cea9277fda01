"""What a student is before it is tuned: its shape, its weights, its tokens, its template."""
