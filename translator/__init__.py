"""The loop that points a coding agent at a reference environment and gets a verified fast one."""
