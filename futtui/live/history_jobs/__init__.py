"""Jobs on deep history that `futtui history` runs: download, import, gaps, verify, export."""
