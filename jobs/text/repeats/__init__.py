"""Which texts say nearly the same: indexes that find candidates, and exact comparison."""
