"""Other engines of the same tasks, timed beside ours; `leaderboard.peer` is the notion."""
