"""What a call costs: CPU of the whole tree of processes, ours beside others under the same load in the same run."""
