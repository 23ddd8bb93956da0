"""Questions asked of finished Runs."""
