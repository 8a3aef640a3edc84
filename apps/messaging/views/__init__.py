"""Pages of messages: the person's own conversation, the desk's list with its threads, and what is done there."""
