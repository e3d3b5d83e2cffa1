"""The bot: alerts to a phone, buttons and commands from it. Reads snapshots and sends commands, as the screen does."""
