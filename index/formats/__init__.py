"""Files without pages: one small module for each format, and one table of who reads what (`kinds`, `reading`)."""
