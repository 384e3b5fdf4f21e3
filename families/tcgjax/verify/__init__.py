"""The engine held against `references.tcg_pocket`."""
