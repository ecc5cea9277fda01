"""A file of requests in shards that several processes send at the same time, within one limit."""
