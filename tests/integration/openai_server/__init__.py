"""The stand-in server over real loopback sockets."""
