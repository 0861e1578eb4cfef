"""What comes in: each collector turns one source into deliveries. Imports schemas only."""
