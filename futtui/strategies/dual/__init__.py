"""The two engines that trade zones, quarter hours for quick trades and hours for longer ones; the desk arbitrates."""
