"""Proxy through which coding agents call model APIs: it meters each call, holds a cap in dollars, and keeps the keys.

It speaks OpenAI's chat completions and responses, Anthropic's messages and Google's generateContent, each with and
without streaming. `docs/translator-budget.md` says what it promises.
"""
