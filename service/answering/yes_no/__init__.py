"""Yes/no questions: the sentence that decides one, and whether it says yes or no. Rules, silent in doubt."""
