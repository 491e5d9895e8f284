"""What AWS would say about a line or a whole manifest, found before anything is sent."""
