package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"time"
)

func trusted() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(shared + "/ca.pem")))
	return pool
}

func browser() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted()}, ForceAttemptHTTP2: true}}
}

func api() {
	browser := browser()
	own := ""
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		own = info.Conn.LocalAddr().String()
		fmt.Println("connected to", info.Conn.RemoteAddr(), info.Reused)
	}}
	request := must(http.NewRequestWithContext(httptrace.WithClientTrace(background, trace), "GET", "https://api.internal/address", nil))
	response, err := browser.Do(request)
	if err != nil {
		fmt.Println(clean(err))
		return
	}
	seen := string(must(io.ReadAll(response.Body)))
	fmt.Println(response.Proto, response.Status, "sees me", seen == own, response.Trailer)

	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := range 100 {
		group.Go(func() {
			body := strings.Repeat(fmt.Sprint(i), 10_000)
			response := must(browser.Post("https://api.internal/echo", "text/plain", strings.NewReader(body)))
			answer := must(io.ReadAll(response.Body))
			lock.Lock()
			defer lock.Unlock()
			if string(answer) == body {
				total++
			}
		})
	}
	group.Wait()
	fmt.Println("echoes", total)

	long := strings.Repeat("0123456789", 1<<20)
	response = must(browser.Post("https://api.internal/sum", "text/plain", strings.NewReader(long)))
	fmt.Println(string(must(io.ReadAll(response.Body))) == fmt.Sprintf("%x", sha256.Sum256([]byte(long))))

	get := func(browser *http.Client, url string) {
		response, err := browser.Do(must(http.NewRequestWithContext(soon(2*time.Second), "GET", url, nil)))
		if err != nil {
			fmt.Println(clean(err))
			return
		}
		body, err := io.ReadAll(response.Body)
		fmt.Println(response.Proto, response.Status, len(body), clean(err))
	}
	get(browser, "https://api.internal/slow")
	for _, url := range []string{"https://api.internal/abort", "https://api.internal/half", "https://wrong.internal/", "https://api.internal:444/", "http://api.internal:443/", "https://nowhere.internal/"} {
		get(newBrowser(), url)
	}
}

func newBrowser() *http.Client { return browser() }
