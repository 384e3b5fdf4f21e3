"""Speed, measured one way for everybody: `python -m leaderboard bench ENV`. The rules stand in `PROTOCOL.md`."""

PROTOCOL = 1
