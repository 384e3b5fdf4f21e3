"""Module that is copied into the sandbox beside the candidate, never imported from here; see `translator.confined`."""

SEED, REPEATS = "ask.seed", "ask.repeats"
"""Paths [N] of a sandboxed candidate's `restore_many`: first states of N lanes, from a seed, so many episodes each."""
