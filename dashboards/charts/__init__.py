"""Charts: view data to Vega-Lite specs, drawn in the browser or, by the same spec, as SVG and PNG."""
