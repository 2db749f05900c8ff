package main

import (
	"syscall"
	"time"
)

// files opens, reads and closes a file again and again: what opening takes, and of all three.
func files(path string, calls int) (opening, all result) {
	buffer := make([]byte, 4096)
	opens, wholes := make([]float64, calls), make([]float64, calls)
	for i := -calls / 10; i < calls; i++ { // warm first
		start := time.Now()
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		opened := time.Since(start)
		n, _ := syscall.Read(fd, buffer)
		syscall.Close(fd)
		if i >= 0 {
			opens[i], wholes[i] = float64(opened), float64(time.Since(start))
		}
		if err != nil {
			n = -1
		}
		opening.Value, all.Value = n, n
	}
	return quantiles(opening, opens), quantiles(all, wholes)
}

func quantiles(r result, times []float64) result {
	r.P50, r.P90, r.P99 = quantile(times, 0.50), quantile(times, 0.90), quantile(times, 0.99)
	return r
}
