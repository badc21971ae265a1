"""The pages of a PDF: its bytes -> characters with boxes -> lines with roles -> text, tables and figures."""
