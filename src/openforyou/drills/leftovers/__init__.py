"""Old copies that stay behind a move between regions, and those who would have it certified all the same."""
