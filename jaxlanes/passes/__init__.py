"""Program transformations on the intermediate form: analyses and optimisations that change no result."""
