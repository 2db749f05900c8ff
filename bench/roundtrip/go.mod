module elsewhere/bench/roundtrip

go 1.21
