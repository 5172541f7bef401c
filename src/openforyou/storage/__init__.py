"""Where things are kept: PostgreSQL for rows, a blob store for media. Knows neither items nor viewers."""
