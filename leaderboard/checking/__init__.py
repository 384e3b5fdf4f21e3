"""Judgement of files that are to go on the board: what a file contradicts, what a re-run shows, what stays a word."""
