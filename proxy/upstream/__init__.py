"""Outbound HTTP behind one port, and what recent attempts say of each model; never reads what an answer means."""
