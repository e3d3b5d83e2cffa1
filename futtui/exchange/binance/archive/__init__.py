"""The exchange's public archive of candle files: addresses, downloading with checksums, reading and writing."""
