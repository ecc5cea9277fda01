"""The stand-in server, part by part, without sockets."""
