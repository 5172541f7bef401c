"""Other people's recommenders in our tables: trained by an interpreter of their own, on the rows that ours sees."""
