"""What a paper is: title, authors, identifiers, the entries of its bibliography, and which files are one work."""
