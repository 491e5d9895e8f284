"""Views that a forge or a code scanner reads: what was found, by file and line, in the forms that they take."""
