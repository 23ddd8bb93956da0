"""How Runs are drawn: from facts and a size to rows of coloured cells, for the app and stdout."""
