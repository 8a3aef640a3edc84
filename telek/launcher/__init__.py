"""Starting Telek on one machine: its own PostgreSQL and Valkey, and every process of the demo.

Plain Python, no Django: the launcher has to work before there are settings or a database.
"""
