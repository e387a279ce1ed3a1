# Drafts wait for a native teacher; where a word is missing, the reader's second language stands.
