"""The first page of the console and its search: both are made of what the areas give."""
