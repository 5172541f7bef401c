"""Views were capped and cross-posts recommended less, in silence. Attacks that limit a reach without saying so."""
