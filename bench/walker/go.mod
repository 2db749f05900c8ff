module walker

go 1.22
