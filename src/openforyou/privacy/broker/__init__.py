"""The process that alone holds the keys, how it is asked, and what it answers."""
