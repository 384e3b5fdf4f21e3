"""Errors of a translation that say what the user can do; all are told before any money is spent."""

from __future__ import annotations


class TranslationError(Exception):
    """A translation that cannot begin or go on; the message names the value, the place and the remedy."""


class ProjectError(TranslationError):
    """A project file, or a folder of one, that cannot be used."""


class AgentError(TranslationError):
    """An agent that cannot be used: an unknown kind, a program that is missing or too old."""


class InfrastructureError(TranslationError):
    """Something beside the candidate failed: the reference, the verifier, the sandbox, git."""
