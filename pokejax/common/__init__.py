"""Parts that all generations share."""
