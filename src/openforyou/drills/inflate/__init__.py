"""Like and view numbers were multiplied: "one like was not one like". Attacks on the numbers, from every seat."""

WITNESSES = 2
