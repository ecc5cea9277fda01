"""`distill send`: a file of requests in, a file of replies out. The engine without the jobs."""
