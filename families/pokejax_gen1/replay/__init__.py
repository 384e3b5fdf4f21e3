"""One battle as files to watch: Showdown's input log, its protocol log and a page."""
