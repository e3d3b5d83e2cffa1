"""The walk of a new user, and the script that draws its pictures."""
