"""Words and lists of words: lemmas, lexicons, personal names, redaction."""
