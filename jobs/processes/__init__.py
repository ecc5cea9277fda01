"""Processes of ours: they compute on every core, or read within limits, and end with this one."""
