"""When a request may go: limits a minute, how many at once, and servers that are away."""
