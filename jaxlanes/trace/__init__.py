"""From a Python function to a jaxpr, and from that to a program of the intermediate form."""
