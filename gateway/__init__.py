"""What is done: pipeline, store, alerts, API. `app` is the only place that wires it together."""
