"""emurust beside PyBoy for the verifier."""
