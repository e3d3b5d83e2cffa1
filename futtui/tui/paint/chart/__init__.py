"""The candle chart as lines of text: data, window, scale, layers. No terminal library."""
