"""What differs between the systems: files that are held, the end of the process, a PC that would fall asleep."""
