"""The words of a yes/no question found in a sentence: what `service.answering.polarity` decides by."""
