"""Faults that a test asks for: a plan says what goes wrong and when; an injector makes it happen and logs it."""
