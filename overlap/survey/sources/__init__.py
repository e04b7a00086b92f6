"""What overlap survey reads: files, folders, patterns, standard input, URLs, reports."""
