"""What a question asks: its kind, its parts, and what a follow-up refers to. Words alone, no models."""
