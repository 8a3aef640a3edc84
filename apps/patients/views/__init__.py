"""Pages of the record: help and the safety plan for the person, the list of people for the desk."""
