"""The parts of the Showdown driver that only Generation 1 needs: records, restoring, legal choices."""
