"""What the service would reject or mark in a line or a whole manifest, found before anything is sent."""
