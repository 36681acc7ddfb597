"""Claims about Gemini's dialect, by shapes that its public documentation shows."""
