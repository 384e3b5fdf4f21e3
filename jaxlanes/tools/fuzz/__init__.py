"""Random programs, run by a kernel and by XLA: `python -m jaxlanes fuzz`.

Everything is written as Python source and then traced, so that what is reported is what was run. See `campaign` for
what is counted, `compare` for when two results are the same, `shrink` for how a failing program is made small.
"""
