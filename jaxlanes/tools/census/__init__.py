"""A census: which environments of published suites have a kernel, whether it gives the same, and how fast it is.

    python -m jaxlanes.tools.census --suite gymnax,pgx --out census.json

Each suite runs in an environment of its own, made by uv, and each of its environments in a process of its own.
"""
