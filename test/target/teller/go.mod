module elsewhere.test/teller

go 1.21
