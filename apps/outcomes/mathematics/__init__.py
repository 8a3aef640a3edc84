"""Forecasts and outcome statistics as plain arithmetic: numpy and scipy, no Django, no database, no clock."""
