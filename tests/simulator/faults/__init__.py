"""Claims about the faults the simulator can stage."""
