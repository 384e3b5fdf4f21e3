"""Errors of the client; each message says what to do."""

from __future__ import annotations


class ClientError(RuntimeError):
    """Something about playing on a server, or reading what a server sent, went wrong."""


class ProtocolError(ClientError):
    """Messages that the bridge cannot follow: cut short, of another game, or from a server of another version."""


class ServerError(ClientError):
    """The server is down, asks for a login, refuses a format or a team, or ended the connection."""


class PolicyError(ClientError):
    """A policy that cannot be loaded, or that cannot play this format."""
