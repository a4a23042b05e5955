"""Questions asked of networks, and what they answer."""
