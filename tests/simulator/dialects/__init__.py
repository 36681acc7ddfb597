"""Claims about each dialect of the simulator, without a socket."""
