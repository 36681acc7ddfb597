"""Signalbox: an OpenAI-compatible gateway that turns each prompt into a policy decision, under budgets that hold."""
