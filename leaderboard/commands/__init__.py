"""Commands of `python -m leaderboard`, a module for each with `add(commands)` and `run(arguments, argv)`."""
