"""Guards: what an attempt may not do, found before its candidate is run."""
