"""The common part of OpenAI's two APIs."""

from __future__ import annotations

from typing import Any

from translator.metering.apis.base import Api, Call, Refused, objects


class OpenAi(Api):
    """An API of OpenAI, or of one of the many servers that speak as it does."""

    provider = "openai"
    kept_tools: tuple[str, ...]

    def strip_tools(self, call: Call) -> None:
        tools = call.body.get("tools")
        if tools is None:
            return
        kept = [tool for tool in objects(tools) if self._is_local(tool)]
        gone = sorted({str(tool.get("type")) for tool in objects(tools) if not self._is_local(tool)})
        if not gone:
            return
        call.changes.append(f"tools removed, which run at the provider: {', '.join(gone)}")
        if kept:
            call.body["tools"] = kept
        else:
            del call.body["tools"]
        choice = call.body.get("tool_choice")
        if not kept or (isinstance(choice, dict) and choice.get("type") in gone):
            call.body.pop("tool_choice", None)

    def _is_local(self, tool: dict[str, Any]) -> bool:
        if tool.get("type") == "shell":
            return (tool.get("environment") or {}).get("type", "local") == "local"
        return tool.get("type") in self.kept_tools

    def standard_tier(self, call: Call) -> None:
        """Ask for the tier whose price is known: others cost up to twice as much."""
        if call.body.get("service_tier") not in (None, "default"):
            call.changes.append(f"service_tier {call.body['service_tier']!r} replaced by 'default'")
            call.body["service_tier"] = "default"

    def model(self, call: Call) -> str:
        model = super().model(call)
        if model.endswith(":online"):
            raise Refused(400, "invalid_request", f"model {model!r} searches the web; name it without ':online'")
        return model

    def error(self, refused: Refused) -> dict[str, Any]:
        code = "insufficient_quota" if refused.status == 402 else refused.code
        kind = "insufficient_quota" if refused.status == 402 else "invalid_request_error"
        return {"error": {"message": str(refused), "type": kind, "param": None, "code": code, **refused.details}}

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"}
