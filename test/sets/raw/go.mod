module raw

go 1.18
