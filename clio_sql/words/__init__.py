"""Words and lists of words: lemmas, lexicons, names of people, what is redacted."""
