"""Records of the board: typed structs, their files, and the conversion of older ones."""
