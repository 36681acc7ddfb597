"""Exact token counts: texts in, tokens in a model's own vocabulary out; knows no request and no price."""
