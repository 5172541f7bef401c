"""The second wall: roles of PostgreSQL, with grants by column and policies by row, from how columns are declared."""
