"""The file protocol by which forecasts are judged: reading with refusals that name their place, and writing."""
