"""From deliveries to committed records, and the state of the fleet that they add up to."""
