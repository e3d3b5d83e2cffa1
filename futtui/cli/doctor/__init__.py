"""`futtui doctor`: looks at everything that futtui needs and says in plain words what is wrong."""
