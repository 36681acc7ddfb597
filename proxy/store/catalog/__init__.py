"""The catalog: operator files and admin changes in, one immutable snapshot out; stores every revision a call may name."""
