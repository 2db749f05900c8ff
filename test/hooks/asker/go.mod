module elsewhere.test/asker

go 1.21
