module player

go 1.22
