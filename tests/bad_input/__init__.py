"""Bad input of every kind, one module for each: what is given, and what the message must name."""
