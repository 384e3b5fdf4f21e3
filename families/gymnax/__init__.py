"""Gymnax environments, which only jaxlanes plays."""
