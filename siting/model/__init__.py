"""Numbers: the problem, its two faces, its solution. Nothing geographic: could be lifted out whole."""
