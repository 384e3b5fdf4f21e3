"""Glue that every newcomer would write again: common kinds of environment as `verification.protocols.Env`."""
