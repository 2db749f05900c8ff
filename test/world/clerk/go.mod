module clerk

go 1.22
