"""People moved from one region's broker to another's, and the certificate that nothing stayed behind."""
