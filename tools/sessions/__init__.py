"""Sessions of the noxfile that do not decide what lands, and what all sessions share."""
