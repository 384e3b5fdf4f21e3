"""Glue that every newcomer would write again: common kinds of environment as `references.protocol.Env`."""
