"""Whether the numbers shown are the numbers in the log: everything recounted from public data, with no trust in us."""
