"""Action Price: a body cross of EMA 200 on 15m, scored by eleven components."""
