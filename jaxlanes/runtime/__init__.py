"""Compiling, caching, loading and calling of CPU kernels."""
