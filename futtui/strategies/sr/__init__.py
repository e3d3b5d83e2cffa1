"""The support and resistance system: Flip-Retest and Sweep-Return on zones."""
