"""The only door to the database: tables, migrations, and one file of functions a concern.

Every function takes an open Session; `Database.session()` is the transaction around one or several of them.
"""
