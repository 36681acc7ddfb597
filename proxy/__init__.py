"""Signalbox: an OpenAI-compatible gateway that turns each prompt into a policy decision, under budgets that hold."""

__version__ = "0.1.0"
