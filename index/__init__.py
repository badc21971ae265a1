"""Papers on disk, and finding passages in them. Knows nothing of reasoning, models of language, or browsers."""
