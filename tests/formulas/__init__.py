"""Statements as they are printed, evaluated beside the bounds that are judged."""
