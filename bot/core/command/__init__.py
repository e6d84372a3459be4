"""Commands: the table, the parser, the periods, and who may."""
