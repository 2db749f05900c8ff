module elsewhere.test/started

go 1.21
