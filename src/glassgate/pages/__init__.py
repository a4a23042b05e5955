"""Pictures and pages of the answers."""
