"""What the commands do, apart from parsing arguments and printing."""
