"""Meetings: conditions of an environment's own source that one function, or one decision, tests together."""
