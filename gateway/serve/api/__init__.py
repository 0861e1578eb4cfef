"""The JSON API under /api/v1, one file for each thing that it answers about."""
