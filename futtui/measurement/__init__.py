"""What results are worth: figures with intervals and verdicts. Nothing here decides a trade; draws are seeded."""
