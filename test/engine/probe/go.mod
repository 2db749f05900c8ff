module elsewhere.test/probe

go 1.21
