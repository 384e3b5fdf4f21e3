"""Common to all commands: Ctrl-C and closed pipes, types of arguments, files that appear whole or not at all.

Neither JAX nor anything that is not Python's own is imported here (`console` apart, which is Rich's).
"""
