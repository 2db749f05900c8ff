module elsewhere.test/driver

go 1.22
