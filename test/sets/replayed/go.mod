module replayed

go 1.22
