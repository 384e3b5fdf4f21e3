"""The quickstart: battles beside Showdown, timed, shown and learned."""
