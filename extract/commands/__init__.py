"""The commands, one module each. Heavy imports wait until a command needs them, so that help is quick."""
