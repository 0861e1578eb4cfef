"""Reports: the facts of a stretch of time, gathered from the store as a viewer may see it."""
