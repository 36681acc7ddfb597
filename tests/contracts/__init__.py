"""One suite per port: what every implementation must do, so that a second one only has to pass it."""
