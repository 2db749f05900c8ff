module caller

go 1.25
