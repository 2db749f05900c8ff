// Frida needs the C library in the process: with this file the program is dynamic.

//go:build cgo

package main

import "C"
