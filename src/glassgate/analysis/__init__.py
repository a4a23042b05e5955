"""What trained models predict, score and remember, measured."""
