"""The two engines that trade zones, quarter hours for short trades and hours for long ones; the desk arbitrates."""
