"""The bespoke views and the one that shows every table screen."""
