"""`bench detection`: what is found of planted misuse among a simulated year of staff work, at five alarms a week."""
