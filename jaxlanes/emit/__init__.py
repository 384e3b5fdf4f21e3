"""From the intermediate form to the source text of a target."""
