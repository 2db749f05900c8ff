module elsewhere.test/walker

go 1.21
