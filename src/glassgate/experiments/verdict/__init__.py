"""What the gates do at the verdict of a review."""
