"""Reports by electronic data interchange: X12 and EDIFACT, read as real senders write them.

Own tokenizers, because the delimiters come from the file, fields have wrong widths, terminators go
missing, and a file may be larger than the memory.
"""
