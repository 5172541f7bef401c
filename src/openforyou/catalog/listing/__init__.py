"""The catalogue as feed servers keep it in memory."""
