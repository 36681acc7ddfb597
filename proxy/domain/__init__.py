"""The words of the house as frozen values and the arithmetic on them; imports nothing of ours, touches nothing outside."""
