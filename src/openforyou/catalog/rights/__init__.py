"""Rights: what was allowed, by whom, on what evidence; and the secrets under which it can be proved and not found."""
