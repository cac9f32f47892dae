"""The book of PostgreSQL: what is wrong, or about to go wrong, in a server and one database."""
