"""What measurements share: processes, servers, files of requests."""
