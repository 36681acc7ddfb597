"""Twin of the console: journeys through its pages in a real browser."""
