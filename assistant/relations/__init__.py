"""Causal form: what acts on what, which way, how sure, in what kind of study - as the quotes say it.

`phrases` and `signs` read words, `patterns` a sentence, `studies` a design; `graph` sees the edges of one answer.
"""
