"""Environments of another process: foreign ones (any language), and untrusted ones in a sandbox."""
