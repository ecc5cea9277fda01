"""Tests across modules, processes and loopback sockets."""
