"""The browser page. Uses the public names of `assistant` only."""
