"""The table of findings: the rules of files and lines with AWS's codes (`lines`), and of files in YAML (`yaml`)."""
