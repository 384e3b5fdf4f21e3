"""Pages of the board: `python -m leaderboard build DIR` writes them from its rows and from the evidence.

They are static, work from disk and ask nothing of a network. Altair and vl-convert (the extra `site`) draw the plots.
"""
