"""The span model: a question and passages -> spans with scores; its files and how they are loaded."""
