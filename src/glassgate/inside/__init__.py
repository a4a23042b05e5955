"""What happens inside a network: its gates traced, measured and held."""
