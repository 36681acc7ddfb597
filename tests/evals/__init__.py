"""What precheck is measured with and its weights are made by: prompts of our own, a trainer, folds and tables."""
