"""Who signs in, and how they prove it: e-mail with password, passkeys, sessions. Knows no item."""
