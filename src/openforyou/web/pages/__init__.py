"""The pages: HTML made on the server, which small modules of JavaScript bring to life."""
