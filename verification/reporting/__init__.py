"""Reports for people: the run's JSON as one HTML page, as Markdown, as terminal text, and beside an earlier one."""
