"""Four APIs through the proxy, streaming and not: what the agent sees, what the provider sees, and what is counted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from fake_provider import KEY, Plan
from metering_bench import APIS, Make

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
ALL = pytest.mark.parametrize("api", APIS)
PLAN = Plan(input=40, cached=10, written=0, output=30, reasoning=20)


@ALL
@BOTH
def test_answers_pass_unchanged_and_cost_what_they_report(bench: Make, api: str, stream: bool) -> None:
    made = bench(PLAN)
    answer = made.ask(api, stream=stream)
    assert answer.status_code == 200
    sent = made.provider.sent[0]
    if api == "openai-chat" and stream:  # the count that the agent did not ask for
        sent = b"".join(event + b"\n\n" for event in sent.split(b"\n\n")[:-1] if b'"usage"' not in event)
    assert answer.content == sent
    assert "Gr" in answer.text or api == "openai-responses"
    assert made.ledger.spent == made.provider.billed == Decimal("0.0181")
    assert made.ledger.reserved == 0
    settled = made.ledger.rows()[-1]
    assert settled.usage["input_tokens"] == 40 and settled.usage["output_tokens"] == 30
    assert settled.usage["cache_read_tokens"] == 10 and settled.usage["end"] == "complete"
    if api != "anthropic-messages":  # which does not tell
        assert settled.usage["reasoning_tokens"] == 20


@ALL
def test_the_provider_gets_the_real_key_and_the_agent_never(bench: Make, api: str) -> None:
    made = bench(PLAN, mode="record")
    answer = made.ask(api)
    _, headers, _ = made.provider.requests[0]
    values = list(headers.values())
    assert any(KEY in value for value in values)
    assert not any(made.proxy.agent_key in value for value in values)
    seen = answer.text + str(answer.headers) + made.transcript.read_text("utf-8")
    seen += json.dumps(made.proxy.environment({"OPENAI_API_KEY": KEY, "GOOGLE_API_KEY": KEY, "HOME": "/h"}))
    assert KEY not in seen


@ALL
def test_a_refused_key_is_told_without_the_provider_s_words(bench: Make, api: str) -> None:
    made = bench(Plan(status=401), mode="record")
    answer = made.ask(api)
    assert answer.status_code == 401
    assert "the provider refused the proxy's key" in answer.text
    assert KEY not in answer.text + made.transcript.read_text("utf-8")
    assert made.ledger.spent == 0


@ALL
@BOTH
def test_a_limit_is_put_in_where_there_is_none(bench: Make, api: str, stream: bool) -> None:
    made = bench(Plan(output=10_000))
    assert made.ask(api, stream=stream, limit=None).status_code == 200
    assert made.ledger.spent == made.provider.billed == Decimal("0.054")  # 40 of input, 100 of output
    assert any("100 put in" in change for change in made.lines("request")[0]["changes"])


@pytest.mark.parametrize(
    ("api", "tools", "kept"),
    [
        ("openai-chat", [{"type": "function", "function": {"name": "f"}}, {"type": "web_search"}], 1),
        ("openai-responses", [{"type": "web_search"}, {"type": "function", "name": "f"}, {"type": "mcp"}], 1),
        ("openai-responses", [{"type": "code_interpreter"}], 0),
        ("anthropic-messages", [{"type": "web_search_20250305", "name": "web_search"}, {"name": "f"}], 1),
        ("anthropic-messages", [{"type": "bash_20250124", "name": "bash"}, {"type": "web_fetch_20250910"}], 1),
        ("google-generate", [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}, {"urlContext": {}}], 1),
        ("google-generate", [{"google_search": {}}], 0),
    ],
)
def test_tools_that_run_at_the_provider_are_taken_out_and_named(
    bench: Make, api: str, tools: list[dict[str, Any]], kept: int
) -> None:
    made = bench(PLAN)
    assert made.ask(api, tools=tools).status_code == 200
    _, _, body = made.provider.requests[0]
    assert len(body.get("tools", [])) == kept
    assert "search" not in json.dumps(body) and "interpreter" not in json.dumps(body)
    assert any(change.startswith("tools removed") for change in made.lines("request")[0]["changes"])


@pytest.mark.parametrize(
    ("api", "more"),
    [
        ("openai-chat", {"web_search_options": {}}),
        ("openai-chat", {"service_tier": "priority"}),
        ("openai-responses", {"service_tier": "flex"}),
        ("anthropic-messages", {"mcp_servers": [{"url": "http://a"}]}),
        ("anthropic-messages", {"speed": "fast"}),
        ("google-generate", {"serviceTier": "priority"}),
    ],
)
def test_fields_that_change_the_price_are_taken_out_and_named(bench: Make, api: str, more: dict[str, Any]) -> None:
    made = bench(PLAN)
    assert made.ask(api, **more).status_code == 200
    _, _, body = made.provider.requests[0]
    name = next(iter(more))
    assert body.get(name) in (None, "default")
    assert any(change.startswith(name) for change in made.lines("request")[0]["changes"])


@pytest.mark.parametrize(
    ("api", "more", "message"),
    [
        ("openai-responses", {"previous_response_id": "r"}, "previous_response_id cannot be used"),
        ("openai-responses", {"background": True}, "background cannot be used"),
        ("openai-responses", {"input": [{"type": "item_reference", "id": "a"}]}, "'item_reference'"),
        ("openai-responses", {"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "'input_file'"),
        ("openai-chat", {"messages": [{"role": "user", "content": [{"type": "file"}]}]}, "'file'"),
        ("openai-chat", {"modalities": ["text", "audio"]}, "modalities"),
        ("openai-chat", {"model": "model-1:online"}, ":online"),
        ("openai-chat", {"model": 3}, "model is 3; name the model"),
        ("openai-chat", {"max_tokens": -1}, "max_tokens is -1; give a positive integer"),
        ("anthropic-messages", {"messages": [{"role": "user", "content": [{"type": "document"}]}]}, "'document'"),
        ("google-generate", {"cachedContent": "c"}, "cachedContent cannot be used"),
        ("google-generate", {"contents": [{"parts": [{"fileData": {"fileUri": "gs://a"}}]}]}, "'fileData'"),
        ("google-generate", {"contents": [{"parts": [{"inlineData": {"mimeType": "audio/wav"}}]}]}, "'audio/wav'"),
        ("google-generate", {"generationConfig": {"responseModalities": ["IMAGE"]}}, "responseModalities"),
    ],
)
def test_what_has_no_bound_is_refused_before_any_call(
    bench: Make, api: str, more: dict[str, Any], message: str
) -> None:
    made = bench(PLAN)
    path, body = made.request(api)
    answer = made.client.post(path, json={**body, **more}, headers=made.headers(api))
    assert answer.status_code == 400
    assert message in answer.text
    assert made.provider.requests == [] and made.ledger.spent == 0
    assert made.lines("refused")[0]["status"] == 400


@pytest.mark.parametrize(
    ("api", "content"),
    [
        (
            "openai-chat",
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
        ),
        ("openai-responses", {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}]}),
        ("anthropic-messages", {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}),
        ("google-generate", {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}]}),
    ],
)
def test_an_image_is_reserved_at_the_most_that_one_can_cost(bench: Make, api: str, content: dict[str, Any]) -> None:
    made = bench(PLAN)
    assert made.ask(api, **content).status_code == 200
    assert Decimal(made.lines("request")[0]["reserved_usd"]) > Decimal(60_000 * 125) / 1_000_000


@ALL
@BOTH
def test_over_the_cap_is_status_402_in_the_provider_s_shape(bench: Make, api: str, stream: bool) -> None:
    made = bench(PLAN, usd="0.5")
    answer = made.ask(api, stream=stream)
    assert answer.status_code == 402
    error = answer.json()["error"]
    assert "budget exhausted: of 0.50 USD" in error["message"]
    assert made.provider.requests == [] and made.ledger.spent == 0
    if api.startswith("openai"):
        assert error["code"] == error["type"] == "insufficient_quota"
        budget = error["budget"]
    elif api.startswith("anthropic"):
        assert answer.json()["type"] == "error" and error["type"] == "billing_error"
        budget = error["budget"]
    else:
        assert error["code"] == 402 and error["status"] == "FAILED_PRECONDITION"
        budget = error["details"][0]["budget"]
    assert budget["cap_usd"] == "0.50" and Decimal(budget["asked_usd"]) > Decimal("0.5")


def test_tokens_are_counted_for_free(bench: Make) -> None:
    made = bench(PLAN, mode="script", source=_script())
    headers = made.headers("anthropic-messages")
    path, body = made.request("anthropic-messages")
    answer = made.client.post(f"{path}/count_tokens", json=body, headers=headers)
    assert answer.json()["input_tokens"] == 1000
    answer = made.client.post("/v1beta/models/model-1:countTokens", json={"contents": []}, headers=headers)
    assert answer.json()["totalTokens"] == 1000
    assert made.ledger.spent == 0 and [row.kind for row in made.ledger.rows()] == ["open", "cap"]


def test_a_google_stream_without_events_is_one_list(bench: Make) -> None:
    made = bench(PLAN, mode="script", source=_script())
    path, body = made.request("google-generate")
    path = path.replace("generateContent", "streamGenerateContent")
    answer = made.client.post(path, json=body, headers=made.headers("google-generate"))
    assert answer.json()[-1]["usageMetadata"]["promptTokenCount"] == 1000
    assert made.ledger.spent == Decimal("0.107")


def test_models_are_listed_without_a_call(bench: Make) -> None:
    made = bench(PLAN)
    assert made.client.get("/v1/models").json()["data"] == []
    assert made.provider.requests == []


def test_agents_find_the_proxy_in_their_environment(bench: Make) -> None:
    made = bench(PLAN)
    found = made.proxy.environment({"PATH": "/bin", "ANTHROPIC_AUTH_TOKEN": KEY, "GOOGLE_API_KEY": KEY})
    assert found["PATH"] == "/bin" and "ANTHROPIC_AUTH_TOKEN" not in found and "GOOGLE_API_KEY" not in found
    assert found["OPENAI_BASE_URL"] == f"{made.proxy.url}/v1"
    assert found["ANTHROPIC_BASE_URL"] == found["GOOGLE_GEMINI_BASE_URL"] == made.proxy.url
    assert found["OPENAI_API_KEY"] == found["ANTHROPIC_API_KEY"] == found["GEMINI_API_KEY"] == made.proxy.agent_key


def _script() -> Any:
    from translator.metering.script import Script, Step

    return Script([Step(text="done")])
