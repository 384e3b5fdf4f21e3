"""The APIs that the proxy speaks, one file each, found by the end of a request's path."""

from __future__ import annotations

from translator.metering.apis.base import Api, Call, Refused
from translator.metering.apis.chat import Chat
from translator.metering.apis.generate import Generate
from translator.metering.apis.messages import Messages
from translator.metering.apis.responses import Responses

APIS: tuple[Api, ...] = (Chat(), Responses(), Messages(), Generate())
PROVIDERS = ("openai", "anthropic", "google")

__all__ = ["APIS", "PROVIDERS", "Api", "Call", "Refused"]
