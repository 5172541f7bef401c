"""From a file that somebody hands over to an item that plays: probe, transcode, describe, publish."""
