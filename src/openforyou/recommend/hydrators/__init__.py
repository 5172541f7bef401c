"""What is told about candidates before they are judged: columns of the index, by position."""
