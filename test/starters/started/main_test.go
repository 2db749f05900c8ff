package main

import "testing"

func TestGreeting(t *testing.T) {
	if found := greeting(); found != "hello from a hook" {
		t.Fatal(found)
	}
}
