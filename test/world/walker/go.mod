module elsewhere.test/walker

go 1.18
