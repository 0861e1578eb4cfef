"""Statistics of lives: pure functions on arrays. Nothing here knows of nozzles, stores or clocks."""
