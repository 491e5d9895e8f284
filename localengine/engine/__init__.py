"""The engine itself: what a program asks for, what is due, and doing it."""
