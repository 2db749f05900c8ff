// Load sends requests to a server over connections that are kept alive and
// counts the answers that are not what they should be.
//
//	load URL REQUESTS CONNECTIONS EXPECTED
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	url, expected := os.Args[1], os.Args[4]
	requests, _ := strconv.ParseInt(os.Args[2], 10, 64)
	connections, _ := strconv.Atoi(os.Args[3])
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections},
		Timeout:   30 * time.Second,
	}
	var next, answered, wrong, slowest int64
	var first atomic.Value
	begin := time.Now()
	var group sync.WaitGroup
	for i := 0; i < connections; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for atomic.AddInt64(&next, 1) <= requests {
				asked := time.Now()
				problem := request(client, url, expected)
				raise(&slowest, int64(time.Since(asked)))
				if problem != "" {
					atomic.AddInt64(&wrong, 1)
					first.CompareAndSwap(nil, problem)
				} else {
					atomic.AddInt64(&answered, 1)
				}
			}
		}()
	}
	group.Wait()
	problem, _ := first.Load().(string)
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"answered": answered, "errors": wrong, "firstError": problem, "seconds": time.Since(begin).Seconds(),
		"slowestMs": time.Duration(slowest).Milliseconds(),
	})
}

// raise makes *maximum at least value.
func raise(maximum *int64, value int64) {
	for {
		old := atomic.LoadInt64(maximum)
		if value <= old || atomic.CompareAndSwapInt64(maximum, old, value) {
			return
		}
	}
}

func request(client *http.Client, url, expected string) string {
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return err.Error()
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), expected) {
		return response.Status + ": " + string(body)
	}
	return ""
}
