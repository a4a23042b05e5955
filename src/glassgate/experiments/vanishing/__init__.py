"""The vanishing gradient, and who learns across many steps."""
