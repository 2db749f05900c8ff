module example.com/elsewhere/load

go 1.19
