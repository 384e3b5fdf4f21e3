"""The paper that the suite starts from, figure by figure, beside what the board holds.

Karten, Appapogu, Jin: "Automatic Generation of High-Performance RL Environments", arXiv 2603.12145v2 (2026). Families
declare their rows (`Family.paper`); `python -m leaderboard reproduce paper` prints them in six sections.
"""
